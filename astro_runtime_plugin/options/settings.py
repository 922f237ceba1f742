"""The settings of the record, as the JSON API and the `astro-runtime` command list them."""

from __future__ import annotations

from collections.abc import Iterable

from entrypoint.defaults import ALL_DEFAULTS, WORKER_DEFAULTS
from entrypoint.record import FIELDS, ResolvedSetting

AIRFLOW_DEFAULTS = {setting.documented: setting.airflow_default for setting in ALL_DEFAULTS}
ROW_FIELDS = (*(field for field in FIELDS if field != "exported"), "stock")
PER_COMPONENT = {setting.documented for setting in WORKER_DEFAULTS}  # each component resolves its own value


def setting_rows(record: Iterable[ResolvedSetting]) -> list[dict[str, str]]:
    """Return the settings in the record, each with `stock`, Airflow's own default.

    A setting that is no longer in the table of defaults is left out.
    """
    return [
        {field: getattr(setting, field) for field in ROW_FIELDS[:-1]}
        | {"stock": AIRFLOW_DEFAULTS[setting.documented]}
        for setting in record
        if setting.documented in AIRFLOW_DEFAULTS
    ]
