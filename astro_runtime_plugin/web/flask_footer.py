"""The footer on Airflow 2: it replaces Airflow's footer, and is appended to pages that have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from astro_runtime_plugin.web.fail_safe import FailSafe
from astro_runtime_plugin.web.html_pages import PAGE_DESTINATIONS, STATIC, URL_PREFIX, is_whole_page
from astro_runtime_plugin.web.schemas import Runtime

LAYOUT = "astro_runtime/layout.html"
FOOTER = "astro_runtime/footer.html"
RUNTIME_FOOTER = b'<footer id="astro-runtime-footer"'
AIRFLOW_FOOTER = b'<footer class="footer"'
BODY_END = b"</body>"


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

    def _append_footer(self, response: Response) -> Response:
        """Append the footer to a page that does not use the layout, such as an error page."""
        self._fail_safe(self._append_to_page, response)
        return response

    def _append_to_page(self, response: Response) -> None:
        if not is_page(response):
            return
        page = response.get_data()
        if RUNTIME_FOOTER in page or AIRFLOW_FOOTER in page:
            return
        before, body_end, after = page.rpartition(BODY_END)
        if not body_end:
            before, after = page, b""
        response.set_data(b"".join((before, self._footer().encode(), body_end, after)))


def is_page(response: Response) -> bool:
    """Whether a browser shows the response as a page, and it is whole: neither streamed nor compressed."""
    destination = request.headers.get("Sec-Fetch-Dest", "").encode()
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    streamed = response.is_streamed or response.direct_passthrough
    return destination in PAGE_DESTINATIONS and not streamed and is_whole_page(response.status_code, headers)
