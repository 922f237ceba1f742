#!/usr/bin/env python3
"""Becomes Chromium, which does not learn of the machine's other networks.

A container that starts or ends adds or removes an interface of the machine; Chromium then ends all requests that are on
their way, also those to this machine, with ERR_NETWORK_CHANGED. It learns of it from netlink sockets (Linux), and goes
on without them if it gets none: a seccomp filter refuses them to this process and its children.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

# Without the parts of a window that nobody sees: half of the CPU time.
CHROMIUM_PATH = "/usr/bin/chromium-headless-shell"
SOCKET = {"x86_64": 41, "aarch64": 198}  # the system call's number
AF_NETLINK, EAFNOSUPPORT = 16, 97
# linux/bpf_common.h and linux/seccomp.h
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER_OFFSET, ARGUMENT_OFFSET = 0, 16  # in the data of a system call
ALLOW, FAIL = 0x7FFF0000, 0x00050000
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER_MODE = 22, 38, 2


def refuse_netlink() -> None:
    """Let `socket(AF_NETLINK, …)` fail in this process and its children. Raises OSError."""
    instructions = (
        (LOAD_WORD, 0, 0, NUMBER_OFFSET),
        (JUMP_IF_EQUAL, 0, 3, SOCKET[platform.machine()]),
        (LOAD_WORD, 0, 0, ARGUMENT_OFFSET),
        (JUMP_IF_EQUAL, 0, 1, AF_NETLINK),
        (RETURN, 0, 0, FAIL | EAFNOSUPPORT),
        (RETURN, 0, 0, ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *words) for words in instructions))
    program = ctypes.create_string_buffer(struct.pack("HP", len(instructions), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, FILTER_MODE, program):
        raise OSError(ctypes.get_errno(), "seccomp")


if __name__ == "__main__":
    refuse_netlink()
    os.execv(CHROMIUM_PATH, [CHROMIUM_PATH, *sys.argv[1:]])
