"""Behind a proxy with a strict Content-Security-Policy."""

from __future__ import annotations

from testing.web.content_policy import (
    assert_face_works,
    assert_page_works,
    assert_policy_is_in_force,
    enforce_policy,
)
from testing.web.sign_in import SignIn
from tests.integration.web.airflow3.conftest import Servers


def test_footer_notices_and_page_need_no_inline_style_or_script(servers: Servers, sign_in: SignIn) -> None:
    server = servers("fab-prefix")
    page = sign_in(server, "ann")
    enforce_policy(page)
    assert_face_works(page, server, f"{server.url}/dags")
    assert_page_works(page, server, f"{server.url}/plugin/runtime")
    assert_policy_is_in_force(page)
