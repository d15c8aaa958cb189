# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Azure's validation of a restore says, wherever in its answer."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.validation import ValidationFailed, validation_problems

QUOTA = {"code": "UserErrorCoreCountSubscriptionQuotaReached", "message": "No cores.", "recommendations": ["Ask for more."]}
ANSWER = {"validateOperationResponse": {"validationResults": [QUOTA]}}


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({"status": "Succeeded", "properties": ANSWER}, [QUOTA["code"]]),
        (ANSWER, [QUOTA["code"]]),
        ({"status": "Succeeded", "properties": {"validateOperationResponse": {"validationResults": []}}}, []),
        ({"status": "Succeeded", "properties": {"validateOperationResponse": {"validationResults": None}}}, []),
        ({"status": "Succeeded", "properties": {"validateOperationResponse": None}}, []),
        ({"status": "Succeeded", "properties": None}, []),
        ({"properties": {"validateOperationResponse": {"validationResults": [{"code": None, "recommendations": None}]}}}, ["Unknown"]),
        (None, []),
    ],
)
def test_problems(body: Any, codes: list[str]) -> None:
    assert [problem["code"] for problem in validation_problems(body)] == codes


def test_the_failure_has_all_of_them() -> None:
    failure = ValidationFailed(validation_problems(ANSWER) * 2).as_failure()
    assert failure["code"] == "RestoreValidationFailed" and failure["problems"] == [QUOTA, QUOTA]
    assert "No cores." in failure["message"] and "Ask for more." in failure["hint"]
