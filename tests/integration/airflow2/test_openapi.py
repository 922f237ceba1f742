"""The OpenAPI document against the rules of the blueprint on Airflow 2."""

from __future__ import annotations

import pytest
from flask import Flask

from astro_runtime_plugin.web.airflow2_routes import create_blueprint
from astro_runtime_plugin.web.flask_footer import FooterBlueprint
from astro_runtime_plugin.web.html_pages import URL_PREFIX
from astro_runtime_plugin.web.openapi import document
from astro_runtime_plugin.web.schemas import runtime_info


def test_document_describes_every_rule_of_the_blueprint_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Flask(__name__, static_folder=None)
    monkeypatch.setattr(FooterBlueprint, "_extend_layout", lambda *_: None)  # this app has no layout
    app.register_blueprint(create_blueprint(runtime_info("13.0.0", None, "2.11.2", {}, ())))
    rules = [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith(f"{URL_PREFIX}/static/")]
    served = {
        (rule.rule.removeprefix(URL_PREFIX), method.lower())
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {(path, method) for path, methods in document()["paths"].items() for method in methods}
