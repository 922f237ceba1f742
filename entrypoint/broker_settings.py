"""What determines how Celery reaches the broker: its variables, TLS, Sentinel's master, the operator's Python object.

Source: `get_default_celery_config` of Airflow's Celery provider 3.26; `Settings` in `celery/app/utils.py`, Celery 5.6.
"""

from __future__ import annotations

from entrypoint.command import BROKER
from entrypoint.config_values import airflow_boolean
from entrypoint.connection_url import connection_url
from entrypoint.defaults import BROKER_URL
from entrypoint.option_names import ConfigOption
from entrypoint.overrides import find_override
from entrypoint.record import COMMAND, SECRET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from entrypoint.config_file import AirflowCfg
    from entrypoint.url_parts import UrlParts

CONFIG_OPTIONS = ConfigOption("celery", "celery_config_options")
EXTRA_CONFIG = ConfigOption("celery", "extra_celery_config")
DEFAULT_OBJECT = "default_celery.DEFAULT_CELERY_CONFIG"  # the end of its path, which has changed
TRANSPORT_OPTIONS = "celery_broker_transport_options"
# What Celery sends to and receives from; `broker_url` stands for one that is not set.
CELERY_URLS = ("broker_write_url", "broker_read_url")
TLS_KINDS = ("rediss", "amqps")
FILES = {"ca": "ca_certs", "certificate": "certfile", "key": "keyfile", "password": "keyfile_password"}


class BrokerSettings:
    """How to probe a broker.

    `url` is None if the entrypoint cannot know it, but only `holder`; `location` says where it is set.
    `connect_only`: a Python object may hold other credentials or TLS. `tls`: Celery's `broker_use_ssl`, with or
    without the prefix `ssl_`.
    """

    def __init__(self, location: str, url: str | None) -> None:
        self.location = location
        self.url = url
        self.holder = "the secrets backend"
        self.connect_only = False
        self.tls: Any = None
        self.master_name = ""
        self.sentinel: dict[str, Any] = {}

    def tls_options(self, url: UrlParts) -> dict[str, str] | None:
        """Return the options for `tls.wrap`, or None for a broker without TLS."""
        in_url = {name: value for name, value in url.options if name.startswith("ssl_")}
        if not (self.tls or in_url or url.kind in TLS_KINDS):
            return None
        options = in_url or (self.tls if isinstance(self.tls, dict) else {})
        return _tls_options({name.removeprefix("ssl_"): value for name, value in options.items()})

    def sentinel_tls_options(self) -> dict[str, str] | None:
        """Return the same for the Sentinels themselves, which have options of their own."""
        if not self.sentinel.get("ssl"):
            return None
        return _tls_options({name.removeprefix("ssl_"): value for name, value in self.sentinel.items()})


def read_broker_settings(environ: Mapping[str, str], cfg: AirflowCfg) -> list[BrokerSettings]:
    """Return how this Airflow's Celery reaches its broker; two if it sends to another than it receives from.

    Raises StartError as `connection_url` does.
    """
    extra = _json(EXTRA_CONFIG, environ, cfg)
    addresses = [
        _celery_url(option, environ, extra) or _celery_url("broker_url", environ, extra)
        for option in CELERY_URLS
    ]
    airflows = _airflow_settings(environ, cfg) if None in addresses else None
    brokers = [BrokerSettings(*address) if address else airflows for address in addresses]
    by_url = {broker.url: broker for broker in brokers if broker}
    for settings in by_url.values():
        _read_options(settings, extra, environ, cfg)
    return list(by_url.values())


def _celery_url(option: str, environ: Mapping[str, str], extra: dict[str, Any]) -> tuple[str, str] | None:
    """Return where Celery's own `option` is set, and its URL: in Celery's variable, or by the operator's JSON."""
    variable = f"CELERY_{option.upper()}"
    if url := environ.get(variable):
        return variable, url
    url = _url(extra.get(option))
    return (str(EXTRA_CONFIG), url) if url else None


def _airflow_settings(environ: Mapping[str, str], cfg: AirflowCfg) -> BrokerSettings:
    """Return the broker of `[celery] broker_url`, unless only the operator's Python object has one."""
    custom = _python_object(environ, cfg)
    if custom is None or find_override(BROKER_URL, environ, cfg, sensitive=True):
        return BrokerSettings(*connection_url(BROKER, environ, cfg))
    settings = BrokerSettings(custom, None)
    settings.holder = "the Python object"
    return settings


def _python_object(environ: Mapping[str, str], cfg: AirflowCfg) -> str | None:
    """Return where the operator's Python object is set, or None for Airflow's own one."""
    override = find_override((CONFIG_OPTIONS,), environ, cfg)
    return override.location if override and not _is_default(override.text) else None


def _read_options(
    settings: BrokerSettings, extra: dict[str, Any], environ: Mapping[str, str], cfg: AirflowCfg
) -> None:
    settings.connect_only = _python_object(environ, cfg) is not None
    files = celery_tls_files(environ, cfg)
    airflows_tls = None if files is None else {"cert_reqs": "required", **files}
    settings.tls = extra.get("broker_use_ssl") or airflows_tls
    transport = extra.get("broker_transport_options")
    transport = transport if isinstance(transport, dict) else {}
    settings.master_name = str(
        transport.get("master_name") or _text(TRANSPORT_OPTIONS, "master_name", environ, cfg).strip()
    )
    sentinel = transport.get("sentinel_kwargs") or _json(
        ConfigOption(TRANSPORT_OPTIONS, "sentinel_kwargs"), environ, cfg
    )
    settings.sentinel = sentinel if isinstance(sentinel, dict) else {}


def _is_default(path: str) -> bool:
    return not path.strip() or path.strip().endswith(DEFAULT_OBJECT)


def _url(value: Any) -> str | None:
    """Return Celery's `broker_url`, which may be a list, as one text."""
    if isinstance(value, list):
        value = ";".join(map(str, value))
    return value if isinstance(value, str) and value else None


def celery_tls_files(environ: Mapping[str, str], cfg: AirflowCfg) -> dict[str, str] | None:
    """Return the files of `[celery] ssl_…` that the provider passes on, by Celery's names, or None without TLS.

    A boolean that Airflow does not accept counts as off.
    """
    if not _is_on("ssl_active", "False", environ, cfg):
        return None
    names = {"ca_certs": "ssl_cacert"}
    if _is_on("ssl_mutual_tls", "True", environ, cfg):
        names |= {"keyfile": "ssl_key", "certfile": "ssl_cert"}
    paths = {name: _text("celery", option, environ, cfg) for name, option in names.items()}
    return {name: path for name, path in paths.items() if path}


def _is_on(option: str, default: str, environ: Mapping[str, str], cfg: AirflowCfg) -> bool:
    return airflow_boolean(_text("celery", option, environ, cfg).strip() or default) is True


def _text(section: str, option: str, environ: Mapping[str, str], cfg: AirflowCfg) -> str:
    override = find_override((ConfigOption(section, option),), environ, cfg)
    return override.text if override else ""


def _json(name: ConfigOption, environ: Mapping[str, str], cfg: AirflowCfg) -> dict[str, Any]:
    """Return a JSON object, or an empty one for what Airflow will reject by itself."""
    override = find_override((name,), environ, cfg)
    if override is None or not override.text.strip() or override.origin in (COMMAND, SECRET):
        return {}
    import json

    try:
        value = json.loads(override.text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _tls_options(options: dict[str, Any]) -> dict[str, str]:
    required = str(options.get("cert_reqs", "none")).lower().removeprefix("cert_")
    checks_host = str(options.get("check_hostname", "true")).lower() != "false"
    verify = "none" if required in ("none", "0", "") else "host" if checks_host else "chain"
    return {"verify": verify, **{name: str(options.get(option) or "") for name, option in FILES.items()}}
