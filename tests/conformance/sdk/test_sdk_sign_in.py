# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-identity: the ways for an application to sign in, each good for a first request."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential
from azure_clients import Clients
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def _works(shared_azure: Any, credential: Any) -> bool:
    clients = Clients(shared_azure.sim)
    clients.credential = credential
    return clients.compute.virtual_machines.get("rg-prod", "web-01").name == "web-01"


def _options(shared_azure: Any) -> dict[str, Any]:
    ready = shared_azure.sim.ready
    return {"authority": ready["arm_url"], "disable_instance_discovery": True, "connection_verify": ready["ca_file"]}


def test_secret(shared_azure: Any) -> None:
    ready = shared_azure.sim.ready
    assert _works(shared_azure, ClientSecretCredential(ready["tenant_id"], ready["client_id"], ready["client_secret"], **_options(shared_azure)))
    with pytest.raises(ClientAuthenticationError) as refused:
        _works(shared_azure, ClientSecretCredential(ready["tenant_id"], ready["client_id"], "not-it", **_options(shared_azure)))
    assert "AADSTS7000215" in str(refused.value)


def test_certificate(shared_azure: Any) -> None:
    ready = shared_azure.sim.ready
    credential = CertificateCredential(ready["tenant_id"], ready["client_id"], certificate_data=_certificate(), **_options(shared_azure))
    assert _works(shared_azure, credential)


def _certificate() -> bytes:
    """A self-signed certificate and its key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "drill")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM) + pem


def test_workload_identity(shared_azure: Any, tmp_path: Path) -> None:
    ready, now = shared_azure.sim.ready, int(time.time())
    claims = {"iss": "https://issuer.invalid", "sub": "system:serviceaccount:dr:drill", "aud": "api://AzureADTokenExchange", "iat": now, "exp": now + 600}
    file = tmp_path / "token"
    file.write_text(jwt.encode(claims, "not checked, but long enough for its algorithm", algorithm="HS256"))
    credential = WorkloadIdentityCredential(tenant_id=ready["tenant_id"], client_id=ready["client_id"], token_file_path=str(file), **_options(shared_azure))
    assert _works(shared_azure, credential)


def test_managed_identity(shared_azure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", shared_azure.sim.ready["imds_url"])
    assert _works(shared_azure, ManagedIdentityCredential())
