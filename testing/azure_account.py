"""An account of Azure's storage on a loopback port, as a client finds it; the test has a server there, or none."""

from __future__ import annotations

ACCOUNT, KEY = "accountoftests", "c2VjcmV0LW9mLXRlc3Rz"


def azure_environ(port: int) -> dict[str, str]:
    """Return the variables by which adlfs finds the account."""
    parts = {
        "DefaultEndpointsProtocol": "http",
        "AccountName": ACCOUNT,
        "AccountKey": KEY,
        "BlobEndpoint": f"http://127.0.0.1:{port}/{ACCOUNT}",
    }
    return {"AZURE_STORAGE_CONNECTION_STRING": ";".join(f"{name}={text}" for name, text in parts.items())}
