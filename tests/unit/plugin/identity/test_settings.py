"""The settings of the identity provider: what is read, and a message for each value that cannot be used."""

from __future__ import annotations

from configparser import ConfigParser
from ipaddress import ip_network
from typing import Any

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.identity.settings import IdentitySettings, read_settings
from entrypoint.errors import CONFIG, StartError

PROVIDER = {
    "oidc_issuer": "https://id.example.com/realms/a",
    "oidc_client_id": "airflow",
    "oidc_roles": "/roles.json",
}
PROXY = {
    "proxy_jwt_header": "X-Auth-Token",
    "proxy_jwks_url": "https://proxy.example.com/keys",
    "proxy_jwt_issuer": "https://proxy.example.com",
    "proxy_jwt_audience": "airflow",
    "oidc_roles": "/roles.json",
}
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.fixture(autouse=True)
def masked(mocker: MockerFixture) -> Any:
    """The texts that are kept out of the logs; those of a test would be masked in all tests after it."""
    return mocker.patch("astro_runtime_plugin.identity.settings.mask_secret")


def conf(**options: str) -> ConfigParser:
    parser = ConfigParser()
    parser.read_dict({"astro_runtime": options})
    return parser


def message(**options: str) -> str:
    with pytest.raises(StartError) as error:
        read_settings(conf(**options))
    assert error.value.code == CONFIG
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "options", [{}, {"oidc_issuer": " "}, {"admin_tokens": "True"}, {"proxy_addresses": "10.0.0.1"}]
)
def test_nothing_set_means_airflows_own(options: dict[str, str]) -> None:
    assert read_settings(conf(**options)) is None


def test_three_settings_are_enough_for_a_public_client() -> None:
    assert read_settings(conf(**PROVIDER)) == IdentitySettings(
        issuer="https://id.example.com/realms/a",
        client_id="airflow",
        roles="/roles.json",
        proxy_addresses=LOOPBACK,  # type: ignore[arg-type]
    )


def test_all_settings_are_read(masked: Any) -> None:
    settings = read_settings(
        conf(
            **PROVIDER,
            **{name: text for name, text in PROXY.items() if name != "oidc_roles"},
            oidc_client_secret=" hush \n",
            oidc_audience="api://airflow, https://airflow.example.com",
            oidc_scopes="openid, email",
            oidc_user_claim="email",
            proxy_addresses="10.0.0.7, 10.1.0.0/16, fd00::/8",
            admin_tokens="true",
        )
    )
    assert settings == IdentitySettings(
        "https://id.example.com/realms/a",
        "airflow",
        "hush",
        "/roles.json",
        ("api://airflow", "https://airflow.example.com"),
        "openid email",
        "email",
        "X-Auth-Token",
        "https://proxy.example.com/keys",
        "https://proxy.example.com",
        "airflow",
        tuple(map(ip_network, ("10.0.0.7", "10.1.0.0/16", "fd00::/8"))),
        True,
    )
    assert settings.has_provider
    assert settings.has_proxy
    assert "hush" not in repr(settings)
    masked.assert_called_once_with("hush")


def test_proxy_alone_is_enough() -> None:
    settings = read_settings(conf(**PROXY))
    assert settings
    assert settings.has_proxy
    assert not settings.has_provider


@pytest.mark.parametrize(
    "issuer", ["http://localhost:8080", "http://127.0.0.1/realms/a", "http://[::1]:9", "https://a/"]
)
def test_issuer_is_kept_as_it_is(issuer: str) -> None:
    settings = read_settings(conf(**{**PROVIDER, "oidc_issuer": issuer}))
    assert settings
    assert settings.issuer == issuer


@pytest.mark.parametrize(
    ("name", "text", "must_be"),
    [
        ("oidc_issuer", "http://id.example.com", "https://HOST"),
        ("oidc_issuer", "http://localhost.example.com", "https://HOST"),
        ("oidc_issuer", "http://localhost@id.example.com", "https://HOST"),
        ("oidc_issuer", "id.example.com", "https://HOST"),
        ("oidc_issuer", "https://", "https://HOST"),
        ("oidc_issuer", "https://id.example.com:port", "https://HOST"),
        ("oidc_issuer", "https://id.example.com/?a=b", "https://HOST"),
        ("oidc_issuer", "https://id.example.com/#a", "https://HOST"),
        ("oidc_issuer", "file:///etc/passwd", "https://HOST"),
        ("oidc_issuer", "https://a" + "/b" * 1000, "https://HOST"),
        ("oidc_client_id", "a b", "without blanks"),
        ("oidc_client_secret", "hüsh", "ASCII"),
        ("oidc_client_secret", "a\tb", "ASCII"),
        ("oidc_scopes", "profile email", "openid among them"),
        ("oidc_user_claim", "*", "a claim"),
        ("proxy_jwt_header", "Authorization", "a header of its own"),
        ("proxy_jwt_header", "X_Auth", "a header of its own"),
        ("proxy_jwt_header", "X-Auth: a", "a header of its own"),
        ("proxy_jwks_url", "http://proxy.example.com", "https://HOST/PATH"),
        ("proxy_addresses", "10.0.0.1, proxy", "addresses or networks"),
        ("proxy_addresses", "10.0.0.1/33", "addresses or networks"),
        ("admin_tokens", "yes", "True or False"),
    ],
)
def test_wrong_value_is_refused(name: str, text: str, must_be: str) -> None:
    told = message(**{**PROVIDER, **PROXY, name: text})
    assert told.startswith(f"[astro_runtime] {name} holds ")
    assert must_be in told
    assert "hüsh" not in told


def test_password_in_a_url_is_not_shown() -> None:
    for name in ("oidc_issuer", "proxy_jwks_url"):
        told = message(**{**PROVIDER, **PROXY, name: "https://me:pass@word@id.example.com"})
        assert "https://***@id.example.com" in told
        assert "pass" not in told


@pytest.mark.parametrize(("name", "others"), [("oidc_issuer", PROVIDER), ("proxy_jwt_header", PROXY)])
def test_missing_part_is_named(name: str, others: dict[str, str]) -> None:
    for missing in others.keys() - {name}:
        told = message(**{other: text for other, text in others.items() if other != missing})
        assert f"[astro_runtime] {missing} is not" in told


@pytest.mark.parametrize(
    "options",
    [
        {"oidc_client_id": "airflow"},
        {"oidc_client_secret": "hush"},
        {"oidc_roles": "{}"},
        {"proxy_jwks_url": "https://proxy.example.com"},
        {"proxy_jwt_audience": "airflow"},
    ],
)
def test_part_without_the_rest_is_no_switch_for_airflows_own(options: dict[str, str]) -> None:
    told = message(**options)
    assert f"[astro_runtime] {next(iter(options))} is set, but " in told
    assert "hush" not in told


def test_percent_sign_in_airflow_cfg_is_explained() -> None:
    parser = conf(**PROVIDER)
    parser.read_string("[astro_runtime]\noidc_client_secret = hush%z")
    with pytest.raises(StartError) as error:
        read_settings(parser)
    assert (
        str(error.value)
        == "[astro_runtime] oidc_client_secret cannot be read; in airflow.cfg a % is written %%"
    )


def test_failure_of_a_command_shows_nothing_of_it() -> None:
    class Conf:
        def get(self, *_: object, **__: object) -> str:
            raise RuntimeError("Cannot execute echo hush")

    with pytest.raises(StartError, match=r"cannot be read \(RuntimeError\)") as error:
        read_settings(Conf())
    assert "hush" not in str(error.value)
