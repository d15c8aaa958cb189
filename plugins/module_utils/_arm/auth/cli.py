# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever is signed in to the Azure CLI on this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

from ..clouds import Cloud
from ..errors import OptionError
from .method import Gap, Grant, Method, grant_from, identity_library
from .options import AuthOptions, described

_SECONDS = 60


def gap(options: AuthOptions) -> Gap | None:
    if shutil.which("az") is None:
        return Gap("auth_source", "the Azure CLI (az) is not installed, or not on the PATH")
    return None


def authenticate(options: AuthOptions, cloud: Cloud) -> Grant:
    def credential() -> Any:
        # The tenant goes along only when it is all the caller said: the CLI knows its own.
        chosen = {"tenant_id": options.tenant} if options.tenant else {}
        return identity_library().AzureCliCredential(process_timeout=_SECONDS, **chosen)

    return grant_from("the Azure CLI", credential, cloud)


def default_subscription() -> str:
    """The subscription that ``az account set`` chose; raises OptionError when there is none."""
    program = shutil.which("az")
    if program is not None:
        try:
            answer = subprocess.run(
                [program, "account", "show", "--output", "json"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
            found = json.loads(answer.stdout or b"{}").get("id") if answer.returncode == 0 else None
            if found:
                return str(found)
        except (OSError, subprocess.SubprocessError, ValueError, AttributeError):
            pass
    raise OptionError(
        "subscription_id", f"{described('subscription_id')} is not set, and the Azure CLI has no default subscription (az account set)."
    )


METHOD = Method("cli", gap, authenticate, fallible=True)
