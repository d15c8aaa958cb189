# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed identity of the machine, container or app that this runs on; ``client_id`` picks a user-assigned one."""

from __future__ import annotations

from typing import Any

from ..clouds import Cloud
from .method import Gap, Grant, Method, grant_from, identity_library
from .options import AuthOptions

# Any of these says that the host offers managed identities (App Service, Arc, Azure ML, Cloud Shell, pod identity).
_SIGNS = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
_IMDS = "http://169.254.169.254/metadata/identity/oauth2/token"
_PROBE_SECONDS = 0.8


def gap(options: AuthOptions) -> Gap | None:
    """Nothing can be missing: a system-assigned identity needs no option."""
    return None


def probe(options: AuthOptions) -> str | None:
    """Why there is no managed identity here; None when there may be one. Asks the metadata service when no variable tells."""
    if any(options.variable(name) for name in _SIGNS) or _imds_answers():
        return None
    return f"none of {', '.join(_SIGNS)} is set, and no instance metadata service answers"


def authenticate(options: AuthOptions, cloud: Cloud) -> Grant:
    def credential() -> Any:
        chosen = {"client_id": options.client_id} if options.client_id else {}
        return identity_library().ManagedIdentityCredential(**chosen)

    return grant_from("the managed identity", credential, cloud)


def _imds_answers() -> bool:
    """Azure's service answers 400 to a request without the header ``Metadata: true``; those of other clouds answer otherwise."""
    try:
        import requests
    except ImportError:
        return False
    try:
        with requests.Session() as session:
            # A proxy would answer in its stead.
            session.trust_env = False
            return bool(session.get(_IMDS, timeout=_PROBE_SECONDS, allow_redirects=False).status_code == 400)
    except requests.exceptions.RequestException:
        return False


METHOD = Method("msi", gap, authenticate, probe, fallible=True)
