# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a handler answers, and Azure's error envelope."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Reply:
    """One answer: `body` is sent as JSON; None sends an empty body (content-length 0), as Azure's 202s do."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class AzureError(Exception):
    """An error answer: raised anywhere below a handler, sent as `{"error": {"code", "message", ...}}`."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.extra = extra or {}

    def reply(self) -> Reply:
        return Reply(
            self.status, {"error": {"code": self.code, "message": self.message, **self.extra}}, dict(self.headers)
        )


def resource_not_found(resource_type: str, name: str, group: str) -> AzureError:
    """ARM's 404 for a resource that is not there."""
    return AzureError(
        404,
        "ResourceNotFound",
        f"The Resource '{resource_type}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        headers={"x-ms-failure-cause": "gateway"},
    )
