# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user may say about signing in, and which environment variables say it instead.

The names are those of azure.azcollection, of AWX's Azure Resource Manager credential and of azure-identity. AWX sets the
variables that a credential does not use to the empty string, so an empty string means unset everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import OptionError
from ..redact import keep_secret

# Option -> the variables that stand in for it; the first one that is not empty counts.
ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "subscription_id": ("AZURE_SUBSCRIPTION_ID",),
    "client_id": ("AZURE_CLIENT_ID",),
    "secret": ("AZURE_SECRET", "AZURE_CLIENT_SECRET"),
    "tenant": ("AZURE_TENANT", "AZURE_TENANT_ID"),
    "x509_certificate_path": ("AZURE_X509_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PATH"),
    "auth_source": ("ANSIBLE_AZURE_AUTH_SOURCE", "AZURE_AUTH_SOURCE"),
    "access_token": ("AZURE_ACCESS_TOKEN",),
    "cloud_environment": ("AZURE_CLOUD_ENVIRONMENT",),
    "ca_path": ("AZURE_CA_PATH",),
}
# Said by the environment only, as azure-identity has them.
CERTIFICATE_PASSWORD = "AZURE_CLIENT_CERTIFICATE_PASSWORD"
FEDERATED_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"

AUTH_SOURCES = ("auto", "env", "service_principal", "workload_identity", "msi", "cli", "access_token")
SECRETS = frozenset({"secret", "access_token"})


@dataclass(frozen=True)
class AuthOptions:
    """The options after fallbacks; None is unset. Nothing secret shows in its repr."""

    subscription_id: str | None = None
    client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    tenant: str | None = None
    x509_certificate_path: str | None = None
    auth_source: str = "auto"
    access_token: str | None = field(default=None, repr=False)
    cloud_environment: str | None = None
    ca_path: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def variable(self, name: str) -> str | None:
        """An environment variable; None when it is missing or empty."""
        return text_or_none(self.environment.get(name))


def read_options(params: Mapping[str, Any], environment: Mapping[str, str]) -> AuthOptions:
    """Module parameters with the environment's fallbacks; raises OptionError for an unknown ``auth_source``.

    With auth_source "env" the credentials (not the subscription, the cloud or the CA file) come from the environment alone.
    """
    given = {name: text_or_none(params.get(name)) for name in ENVIRONMENT}
    source = given["auth_source"] or first_set(ENVIRONMENT["auth_source"], environment) or "auto"
    if source not in AUTH_SOURCES:
        raise OptionError("auth_source", f"{source!r} is not one of {', '.join(AUTH_SOURCES)}.")
    if source == "env":
        for name in ("client_id", "secret", "tenant", "x509_certificate_path", "access_token"):
            given[name] = None
    values = {name: value or first_set(ENVIRONMENT[name], environment) for name, value in given.items()}
    for name in SECRETS:
        keep_secret(values[name])
    keep_secret(environment.get(CERTIFICATE_PASSWORD))
    values.pop("auth_source")
    return AuthOptions(**values, auth_source=source, environment=dict(environment))


def first_set(names: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """The first of these variables that is not empty."""
    return next((text for name in names if (text := text_or_none(environment.get(name)))), None)


def text_or_none(value: Any) -> str | None:
    """The text without surrounding blanks; None for None and for nothing but blanks."""
    text = "" if value is None else str(value).strip()
    return text or None


def described(option: str) -> str:
    """An option and its variables, for messages: ``tenant (AZURE_TENANT or AZURE_TENANT_ID)``."""
    return f"{option} ({' or '.join(ENVIRONMENT[option])})"
