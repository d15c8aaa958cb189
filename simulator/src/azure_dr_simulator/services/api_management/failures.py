# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API Management's errors: its own envelope, and the codes that are known of it."""

from __future__ import annotations

from typing import Any

from ...replies import AzureError
from .state import Service

_SERVICE_CAUSE = {"x-ms-failure-cause": "service"}


def envelope(code: str, message: str) -> dict[str, Any]:
    """The body of a failure."""
    return {"error": {"code": code, "message": message, "details": None, "innerError": None}}


def apim_error(status: int, code: str, message: str) -> AzureError:
    return AzureError(
        status, code, message, extra={"details": None, "innerError": None}, headers=dict(_SERVICE_CAUSE)
    )


def invalid_parameter(message: str, parameter: str) -> AzureError:
    """Code and form are those of Azure's answers to wrong backup parameters."""
    return apim_error(400, "InvalidParameters", f"Invalid parameter: {message}\r\nParameter name: {parameter}")


def locked(service: Service) -> AzureError:
    """What Azure answers to a change while another one runs."""
    message = f"The API Service {service.name} is transitioning at this time. Please try the request again later."
    return apim_error(409, "ServiceLocked", message)


def check_unlocked(service: Service) -> None:
    if service.busy:
        raise locked(service)
