"""Threads import nothing: a process that is forked meanwhile would wait for the import for ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from testing.certificate import write_certificate
from testing.entrypoint_process import CHECKOUT
from testing.identity.login_provider import LoginProvider

SCRIPT = """
import sys
from astro_runtime_plugin.identity.provider import http
from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.registry import provider_of
from astro_runtime_plugin.identity.tokens.verification import verify_access_token
from testing.identity.provider_settings import LoginSettings

issuer, token = sys.argv[1:]
http.TIMEOUT = http.MAX_SECONDS = 300.0  # of a starved machine
before = set(sys.modules)
provider = provider_of(LoginSettings(issuer))
assert provider.renew_and_wait(300)
try:
    provider.refresh("unknown")
except ProviderError as error:
    assert error.ends_session, error
verify_access_token(token, provider.keys, issuer=issuer, client_id="airflow", audiences=["airflow-api"])
print(*sorted(set(sys.modules) - before))
"""


def test_requests_and_verification_import_nothing(scripted: LoginProvider, tmp_path: Path) -> None:
    certificate = write_certificate(tmp_path / "ca.pem")
    scripted.encrypt(certificate)
    words = [sys.executable, "-c", SCRIPT, scripted.issuer, scripted.access_token("ann")]
    environ = {**os.environ, "SSL_CERT_FILE": str(certificate), "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(words, env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
