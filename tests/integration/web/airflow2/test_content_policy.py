"""Behind a proxy with a strict Content-Security-Policy."""

from __future__ import annotations

from testing.web.content_policy import assert_needs_no_inline_style_or_script
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.conftest import Servers


def test_footer_notices_and_page_need_no_inline_style_or_script(servers: Servers, sign_in: SignIn) -> None:
    server = servers("prefix")
    assert_needs_no_inline_style_or_script(sign_in(server, "ann"), server, "/home", "/astro-runtime/page")
