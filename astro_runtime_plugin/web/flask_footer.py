"""The footer on Airflow 2: it replaces Airflow's footer, and is appended to pages that have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from astro_runtime_plugin.web.fail_safe import FailSafe
from astro_runtime_plugin.web.html_pages import (
    CONDITIONS,
    PAGE_DESTINATIONS,
    STATIC,
    URL_PREFIX,
    is_validator,
    is_whole_page,
    may_be_conditional,
)
from astro_runtime_plugin.web.schemas import Runtime

LAYOUT = "astro_runtime/layout.html"
FOOTER = "astro_runtime/footer.html"
RUNTIME_FOOTER = b'<footer id="astro-runtime-footer"'
AIRFLOW_FOOTER = b'<footer class="footer"'
BODY_END = b"</body>"
CONDITION_VARIABLES = [f"HTTP_{name.decode().replace('-', '_').upper()}" for name in CONDITIONS]


class FooterBlueprint(Blueprint):
    """Draws the footer for logged-in users; if that fails, the page stays as Airflow rendered it."""

    def __init__(self, runtime: Runtime, is_logged_in: Callable[[], bool]) -> None:
        """`runtime` is what the footer shows, all but its settings."""
        super().__init__(
            "astro_runtime",
            __name__,
            url_prefix=URL_PREFIX,
            static_folder=STATIC,
            template_folder="templates",
        )
        self._runtime = runtime
        self._is_logged_in = is_logged_in
        self._fail_safe = FailSafe()
        self.before_app_request(self._remove_conditions)
        self.after_app_request(self._append_footer)

    def register(self, app: Any, options: dict[str, Any]) -> None:
        """Add the blueprint to `app`, and the footer to the layout of Airflow's pages."""
        super().register(app, options)
        self._fail_safe(self._extend_layout, app)

    def get_send_file_max_age(self, filename: str | None) -> int:
        """Make browsers revalidate the static files on each use, so that an upgrade takes effect at once."""
        return 0

    def _extend_layout(self, app: Any) -> None:
        app.jinja_env.globals.update(
            astro_runtime_airflow_layout=app.appbuilder.base_template,
            astro_runtime_footer=self._footer,
        )
        app.jinja_env.get_template(LAYOUT)  # fail now: a broken layout would break every page
        app.appbuilder.base_template = LAYOUT

    def _footer(self) -> Markup:
        """Return the footer; empty for visitors who are not logged in."""
        return self._fail_safe(self._render_footer) or Markup()

    def _render_footer(self) -> Markup | None:
        if not self._is_logged_in():
            return None
        return Markup(render_template(FOOTER, runtime=self._runtime))  # noqa: S704 (the template has escaped it)

    def _remove_conditions(self) -> None:
        """Let the answer to a logged-in user's request for a page not be "not modified", which hides the footer."""
        if any(name in request.environ for name in CONDITION_VARIABLES):
            self._fail_safe(self._remove_page_conditions)

    def _remove_page_conditions(self) -> None:
        accept, destination = (request.headers.get(name, "") for name in ("Accept", "Sec-Fetch-Dest"))
        if may_be_conditional(destination.encode(), accept.encode()) and self._is_logged_in():
            for name in CONDITION_VARIABLES:
                request.environ.pop(name, None)

    def _append_footer(self, response: Response) -> Response:
        """Append the footer to a page that does not use the layout, such as an error page."""
        self._fail_safe(self._append_to_page, response)
        return response

    def _append_to_page(self, response: Response) -> None:
        if not is_page(response):
            return
        page = response.get_data()
        if RUNTIME_FOOTER in page:
            _drop_validators(response)
        if RUNTIME_FOOTER in page or AIRFLOW_FOOTER in page:
            return
        before, body_end, after = page.rpartition(BODY_END)
        if not body_end:
            before, after = page, b""
        if footer := self._footer().encode():
            response.set_data(b"".join((before, footer, body_end, after)))
            _drop_validators(response)


def _drop_validators(response: Response) -> None:
    """Remove what described the page as it is for other visitors."""
    for name in {name for name, _ in response.headers if is_validator(name.encode())}:
        del response.headers[name]


def is_page(response: Response) -> bool:
    """Whether a browser shows the response as a page, and it is whole: neither streamed nor compressed."""
    destination = request.headers.get("Sec-Fetch-Dest", "").encode()
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    streamed = response.is_streamed or response.direct_passthrough
    return destination in PAGE_DESTINATIONS and not streamed and is_whole_page(response.status_code, headers)
