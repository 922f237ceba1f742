"""Apache with mod_auth_openidc in front of a web server: it logs users in, and passes their ID token on in a header."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testing.identity.live.visitors import PROXY, PROXY_HEADER
from testing.identity.login_provider import LoginProvider
from testing.servers import free_port, running

APACHE, MODULES = "/usr/sbin/apache2", Path("/usr/lib/apache2/modules")
NAMES = (
    "alias",
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_user",
    "headers",
    "proxy",
    "proxy_http",
    "auth_openidc",
)
CONFIG = """ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {home}/pid
DefaultRuntimeDir {home}
ErrorLog {home}/error.log
LogLevel warn
StartServers 1
User www-data
Group www-data

OIDCProviderMetadataURL {provider.issuer}/.well-known/openid-configuration
OIDCClientID "{provider.client_id}"
OIDCClientSecret "{provider.client_secret}"
OIDCRedirectURI http://127.0.0.1:{port}/oidc-callback
OIDCCryptoPassphrase "of no importance"
OIDCPKCEMethod S256
OIDCHTTPTimeoutShort 300
OIDCHTTPTimeoutLong 300
OIDCSessionMaxDuration 0
OIDCPassIDTokenAs serialized
OIDCPassClaimsAs environment
RequestHeader set {header} "%{{OIDC_id_token}}e"
<Location />
  AuthType openid-connect
  Require valid-user
</Location>
RedirectMatch "/(auth|identity)/ended$" "/oidc-callback?logout=http%3A%2F%2F127.0.0.1:{port}/static"
ProxyPassMatch "/(auth|identity)/ended$" !
ProxyTimeout 300
ProxySourceAddress {address}
ProxyPass / http://127.0.0.1:{upstream}/
"""


def write_config(home: Path, text: str) -> Path:
    """Write Apache's configuration, with the modules that it needs, to a folder; return its path."""
    modules = [f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in NAMES]
    config = home / "apache2.conf"
    config.write_text("".join(modules) + text)
    return config


def check_config(home: Path, text: str) -> None:
    """Let Apache check the part of a configuration that is about the login.

    Raises CalledProcessError, and Apache says on stderr what is wrong.
    """
    config = write_config(home, f"ServerName localhost\nListen 127.0.0.1:1\nErrorLog {home}/log\n{text}")
    subprocess.run([APACHE, "-t", "-f", str(config)], check=True)


@contextmanager
def apache_proxy(upstream: int, provider: LoginProvider) -> Iterator[str]:
    """Run Apache in front of the server on the port `upstream`; users log in at `provider`. Yield Apache's URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="apache-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        text = CONFIG.format(
            home=home, port=port, upstream=upstream, provider=provider, header=PROXY_HEADER, address=PROXY
        )
        config = write_config(home, text)
        with running([APACHE, "-DFOREGROUND", "-f", str(config)], port, home):
            yield f"http://127.0.0.1:{port}"
