# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of tasks that work on a simulator, and cannot work on anything else. Pure."""

from __future__ import annotations

import base64
import json
from typing import Any, Iterable, Mapping

from .._arm.auth.options import CERTIFICATE_PASSWORD, ENVIRONMENT, FEDERATED_TOKEN_FILE

_FOREIGN = ("AZURE_", "ARM_", "ANSIBLE_AZURE_", "MSI_", "IDENTITY_")
"""How the names of variables begin that sign anything in to Azure, whichever tool a task starts."""
_ALSO = (
    CERTIFICATE_PASSWORD,
    FEDERATED_TOKEN_FILE,
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "AZURE_AD_USER",
    "AZURE_AUTHORITY_HOST",
    "AZURE_PROFILE",
    "AZURE_CONFIG_DIR",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "IMDS_ENDPOINT",
    "MSI_ENDPOINT",
    "MSI_SECRET",
)
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY")
NOWHERE = "http://127.0.0.1:9"
"""A proxy that answers nobody: what asks for any other host than this machine gets nothing, and not the internet."""
LOCAL = "localhost,127.0.0.1,::1"
FOREVER = 4102444800
"""The end of a token that is good for as long as the simulator runs: the year 2100."""


def rehearsal_environment(ready: Mapping[str, str], token_file: str, cli_folder: str, around: Iterable[str]) -> dict[str, str]:
    """The variables of a task: those of the simulator, and every other one that could sign in to Azure emptied, since empty means unset.

    ``around`` are the names of the variables that there are. No variable is a secret: the proof of identity is in ``token_file``.
    """
    names = {name for name in around if name.startswith(_FOREIGN)} | {*_ALSO} | {name for several in ENVIRONMENT.values() for name in several}
    proxies = {spelled: NOWHERE for name in _PROXIES for spelled in (name, name.lower())}
    return {
        **dict.fromkeys(sorted(names), ""),
        **proxies,
        "NO_PROXY": LOCAL,
        "no_proxy": LOCAL,
        "AZURE_CLOUD_ENVIRONMENT": ready["arm_url"],
        "AZURE_CA_PATH": ready["ca_file"],
        "AZURE_SUBSCRIPTION_ID": ready["subscription_id"],
        "AZURE_TENANT": ready["tenant_id"],
        "AZURE_TENANT_ID": ready["tenant_id"],
        "AZURE_CLIENT_ID": ready["client_id"],
        FEDERATED_TOKEN_FILE: token_file,
        "AZURE_CONFIG_DIR": cli_folder,
    }


def rehearsal_options(ready: Mapping[str, str]) -> dict[str, str]:
    """The same as options of the modules, for `module_defaults`, which would win over the environment."""
    return {
        "subscription_id": ready["subscription_id"],
        "tenant": ready["tenant_id"],
        "client_id": ready["client_id"],
        "cloud_environment": ready["arm_url"],
        "ca_path": ready["ca_file"],
        "auth_source": "workload_identity",
        "secret": "",
        "access_token": "",
        "x509_certificate_path": "",
    }


def federated_token(client_id: str) -> str:
    """A token of an issuer of our own. The simulator knows no issuers, so it looks at the shape only; to Azure it is worth nothing."""
    header = {"alg": "RS256", "typ": "JWT", "kid": "rehearsal"}
    claims = {"iss": "https://rehearsal.invalid", "sub": client_id, "aud": "api://AzureADTokenExchange", "exp": FOREVER}
    return ".".join(_segment(part) for part in (header, claims, {}))


def _segment(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
