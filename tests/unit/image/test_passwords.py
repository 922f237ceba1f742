"""Which lines hold a password or a token that would stay in a layer of the image."""

from __future__ import annotations

import pytest

from image.passwords import has_password


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://user:hush@h/s",
        "-i https://token123@h/s",
        "-i https://token123:@h/s",
        "-i https://:hush@h/s",
        "-i https://${USER}:hush@h/s",
        "-i https://user:${PASSWORD}hush@h/s",
        "-i https://${token}@h/s",
        "-i https://user:hu/sh@h/s",
        "-i https://user:hu#sh@h/s",
        "-i https://user:hu@sh@h/s",
        "-i https:/user:hush@h/s",
        "leaf @ s3://AK:SK@b/x",
        "leaf @ ftp://token123@h/leaf.zip",
        "git+https://token123@h/r@main",
        "git+https://github_pat_11A@h/r",
        "git+ssh://user:hush@h/r",
        "git+ssh://deploy@h/r",
        "proxy = http://user:hush@h:3128",
        "leaf @ https://h/leaf.zip?access_key=hush",
        "leaf @ https://h/leaf.zip?key=hush",
        "leaf @ https://h/leaf.zip?code=hush",
        "leaf @ https://h/leaf.zip?x=1&sig=hush",
        "leaf @ https://h/leaf.zip?X-Amz-Signature=hush",
        "leaf @ https://h/leaf.zip?AWSAccessKeyId=hush",
        "leaf @ https://h/leaf.zip?apikey=hush",
        "leaf @ https://h/leaf.zip?private-token=${TOKEN}hush",
        "leaf @ https://h/leaf.zip?jwt=hush#sha256=00",
    ],
)
def test_password_or_token_in_a_url_is_noticed(line: str) -> None:
    assert has_password(line)


@pytest.mark.parametrize(
    "line",
    [
        "leaf==1.0 --hash=sha256:00",
        "-i https://h:8443/s",
        "-i https://${TOKEN}@h/s",
        "-i https://${USER}:${PASSWORD}@h/s",
        "-i https://oauth2:${TOKEN}@h:8443/s",
        "-i https://oauth2accesstoken@h/s",
        "-i https://VssSessionToken@h/s",
        "-i https://h:${PORT}/s/@x",
        "git+ssh://git@h/r@main",
        "git+ssh://git@h:22/r@main#egg=leaf",
        "git+ssh://git@h:group/r@main",
        "hg+ssh://hg@h/r",
        "svn+ssh://svn@h/r",
        "git+https://h:8443/r@main",
        "git+https://[::1]:8443/r@main",
        "leaf @ file:///home@1/leaf.whl",
        "leaf @ file:///x@1/leaf.whl",
        "leaf @ https://h/leaf.zip?token=${TOKEN}&version=1",
        "leaf @ https://h/leaf.zip?token=&x=1",
        "leaf @ https://h/leaf.zip?encoding=utf-8&keys=1",
        "git@h:group/r",
    ],
)
def test_variable_or_public_user_is_no_password(line: str) -> None:
    assert not has_password(line)
