# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workload identity: a token of Kubernetes, GitHub or another issuer, in a file, is exchanged for one of Azure."""

from __future__ import annotations

import os
from typing import Any

from ..clouds import Cloud
from ..errors import AuthError
from ..redact import keep_secret
from .method import Gap, Grant, Method, grant_from, identity_library, login_settings
from .options import FEDERATED_TOKEN_FILE, AuthOptions, described


def gap(options: AuthOptions) -> Gap | None:
    path = options.variable(FEDERATED_TOKEN_FILE)
    if not path:
        return Gap("auth_source", f"{FEDERATED_TOKEN_FILE} is not set")
    for name in ("client_id", "tenant"):
        if not getattr(options, name):
            return Gap(name, f"{described(name)} is not set")
    if not os.path.isfile(path):
        return Gap("auth_source", f"{FEDERATED_TOKEN_FILE} names {path}, and there is no such file")
    return None


def authenticate(options: AuthOptions, cloud: Cloud) -> Grant:
    path = options.variable(FEDERATED_TOKEN_FILE) or ""

    def assertion() -> str:
        # Read each time: these tokens live for an hour or less, and the file is rewritten while a restore is watched.
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read().strip()
        except (OSError, ValueError) as error:
            raise AuthError(f"{FEDERATED_TOKEN_FILE}: {path} cannot be read: {type(error).__name__}") from None
        if not text:
            raise AuthError(f"{FEDERATED_TOKEN_FILE}: {path} is empty.")
        keep_secret(text)
        return text

    def credential() -> Any:
        return identity_library().ClientAssertionCredential(
            options.tenant, options.client_id, assertion, **login_settings(options, cloud)
        )

    return grant_from("the workload identity", credential, cloud)


METHOD = Method("workload_identity", gap, authenticate)
