"""The footer on Airflow 2: in place of Airflow's own, which it holds, and at the end of the pages that have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from astro_runtime_plugin.web.fail_safe import FailSafe
from astro_runtime_plugin.web.footer import PAGE_DESTINATIONS, STATIC, URL_PREFIX, is_whole_page
from astro_runtime_plugin.web.schemas import Runtime

LAYOUT = "astro_runtime/layout.html"
FOOTER = "astro_runtime/footer.html"
FOOTERS = (b'<footer id="astro-runtime-footer"', b'<footer class="footer"')  # ours, and Airflow's own
END = b"</body>"


class FooterBlueprint(Blueprint):
    """Draws the footer for whoever is logged in; where that fails the page goes out as it is."""

    def __init__(self, shown: Runtime, is_logged_in: Callable[[], bool]) -> None:
        """`shown` is what the footer says; its settings are not shown."""
        super().__init__(
            "astro_runtime",
            __name__,
            url_prefix=URL_PREFIX,
            static_folder=STATIC,
            template_folder="templates",
        )
        self._shown = shown
        self._is_logged_in = is_logged_in
        self._or_nothing = FailSafe()
        self.after_app_request(self._ending)

    def register(self, app: Any, options: dict[str, Any]) -> None:
        """Add the blueprint to `app`, and lay the footer over the layout that Airflow's pages are drawn in."""
        super().register(app, options)
        self._or_nothing(self._lay_over, app)

    def get_send_file_max_age(self, filename: str | None) -> int:
        """Have a browser ask again for the style sheets, so that an upgrade shows at once."""
        return 0

    def _lay_over(self, app: Any) -> None:
        names = {
            "astro_runtime_laid_over": app.appbuilder.base_template,
            "astro_runtime_footer": self._footer,
        }
        app.jinja_env.globals.update(names)
        app.jinja_env.get_template(LAYOUT)  # a template that cannot be had would fail every page
        app.appbuilder.base_template = LAYOUT

    def _footer(self) -> Markup:
        """Return the footer; nothing for a visitor without a login."""
        return self._or_nothing(self._drawn) or Markup()

    def _drawn(self) -> Markup | None:
        if not self._is_logged_in():
            return None
        return Markup(render_template(FOOTER, runtime=self._shown))  # noqa: S704 (the template has escaped it)

    def _ending(self, response: Response) -> Response:
        """Put the footer at the end of a page that was not drawn in the layout, such as an error's."""
        self._or_nothing(self._end, response)
        return response

    def _end(self, response: Response) -> None:
        if not is_page(response) or any(footer in response.get_data() for footer in FOOTERS):
            return
        before, end, after = response.get_data().rpartition(END)
        if not end:
            before, after = after, before
        response.set_data(b"".join((before, self._footer().encode(), end, after)))


def is_page(response: Response) -> bool:
    """Tell whether an answer is a whole page for a browser to show, and neither streamed nor compressed."""
    asked_for = request.headers.get("Sec-Fetch-Dest", "").encode()
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    streamed = response.is_streamed or response.direct_passthrough
    return asked_for in PAGE_DESTINATIONS and not streamed and is_whole_page(response.status_code, headers)
