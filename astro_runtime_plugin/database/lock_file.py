"""A file that only one process of its owner holds at a time. It is removed when it is released.

Its folder may be one that others can write, such as /tmp: a link, or a file that someone else has put there or could
lock, is never opened for the lock; it counts as held.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

# Only the owner, and group 0, in which the image's users are, may open the file, so nobody else can hold its lock.
FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
OWNER_ONLY, OWNER_AND_GROUP_0 = 0o600, 0o660


@contextmanager
def locked_file(path: str, pause: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of the file; call `pause` between two attempts. The lock ends with its process, too.

    Where nobody can write into the folder there is nothing to lock.
    """
    if not os.access(os.path.dirname(path), os.W_OK):
        yield
        return
    while (file := _try_lock(path)) is None:
        pause()
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            # Still locked: whoever waits for this file finds that it is gone, and makes another.
            os.unlink(path)
        os.close(file)


def _try_lock(path: str) -> int | None:
    """Return the locked file, or None if another process holds it or it cannot be trusted."""
    mode = OWNER_ONLY if os.getegid() else OWNER_AND_GROUP_0
    try:
        file = os.open(path, FLAGS, mode)
    except OSError:
        if os.path.lexists(path):
            return None
        raise
    try:
        if _is_private(os.fstat(file)):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file), os.lstat(path)):
                return file
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(file)
    return None


def _is_private(status: os.stat_result) -> bool:
    """Whether it is a regular file of this user, or of group 0 if this process is in it, that others cannot open."""
    is_ours = status.st_uid == os.geteuid() or (status.st_gid == os.getegid() == 0)
    return stat.S_ISREG(status.st_mode) and is_ours and not status.st_mode & stat.S_IRWXO
