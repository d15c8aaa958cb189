# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's own check of a restore before it is started. It only reads, so it also runs in check mode."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .._apis import BACKUP
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.poller import operation_of, wait_for_operation
from .names import VaultRef
from .restore_request import validation_body

VALIDATION_TIMEOUT = 600.0
"""Seconds; Azure needs some ten."""


class ValidationFailed(ArmError):
    """Azure found problems. `problems` [{code, message, recommendations}]."""

    code = "RestoreValidationFailed"

    def __init__(self, problems: Sequence[Mapping[str, Any]], **fields: Any) -> None:
        self.problems = [dict(problem) for problem in problems]
        told = " ".join(f"{problem['code']}: {problem['message']}".strip() for problem in self.problems)
        advice = " ".join(text for problem in self.problems for text in problem["recommendations"]) or None
        super().__init__(f"Azure's validation of the restore found: {told}", hint=advice, **fields)

    def as_failure(self) -> dict[str, Any]:
        return {**super().as_failure(), "problems": self.problems}


def validate_restore(client: ArmClient, vault: VaultRef, point_id: str, request: Mapping[str, Any], *, interval: float, timeout: float) -> None:
    """Asks Azure whether a restore would work; raises ValidationFailed with what speaks against it. Seconds.

    The operation ends Succeeded also when it lists problems.
    """
    path = f"{vault.path}/backupTriggerValidateOperation"
    response = client.query(path, BACKUP, validation_body(point_id, dict(request)))
    operation = operation_of(response)
    body = response.body
    if operation is not None:
        body = wait_for_operation(client, operation, timeout=min(timeout, VALIDATION_TIMEOUT), interval=interval).body
    problems = validation_problems(body)
    if problems:
        raise ValidationFailed(problems, target=point_id, operation="POST backupTriggerValidateOperation")


def validation_problems(body: object) -> list[dict[str, Any]]:
    """The problems that an answer lists, wherever in it they are; [] when all is well."""
    answer = body if isinstance(body, Mapping) else {}
    holder = answer.get("properties") if isinstance(answer.get("properties"), Mapping) else answer
    response = (holder or {}).get("validateOperationResponse") or {}
    results = response.get("validationResults") if isinstance(response, Mapping) else None
    return [
        {
            "code": str(result.get("code") or "Unknown"),
            "message": str(result.get("message") or ""),
            "recommendations": [str(text) for text in result.get("recommendations") or [] if text],
        }
        for result in results or []
        if isinstance(result, Mapping)
    ]
