# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ARM, providers and gateways put into a failed answer, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.envelope import hint_for, read_envelope
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import (
    ArmError,
    MissingLibrary,
    OperationTimeout,
    OptionError,
)


@pytest.mark.parametrize(
    ("body", "text", "code", "message"),
    [
        ({"error": {"code": "ScopeLocked", "message": "a lock"}}, "", "ScopeLocked", "a lock"),
        ({"code": "BadRequest", "message": "flat"}, "", "BadRequest", "flat"),
        ({"Code": "BadRequest", "Message": "capital"}, "", "BadRequest", "capital"),
        ({"error": "invalid_client", "error_description": "AADSTS7000215: wrong"}, "", "invalid_client", "AADSTS7000215: wrong"),
        ({"error": {"code": 400239, "message": "a number"}}, "", "400239", "a number"),
        ({"error": {"code": "X", "message": ""}}, "", "X", "no message was given"),
        ({"error": {}}, "", "Http400", "no message was given"),
        ({"error": {"code": "X", "innererror": {"code": "Deep", "message": "inner"}}}, "", "X", "inner"),
        (None, "<html><head><style>p{}</style></head><body><h1>Bad  Gateway</h1></body></html>", "Http400", "Bad Gateway"),
        (None, "", "Http400", "the answer had no body that explains it"),
        ({"unexpected": 1}, '{"unexpected": 1}', "Http400", '{"unexpected": 1}'),
        ([], "[]", "Http400", "[]"),
        (
            {"error": {"code": "X", "message": "outer", "details": [{"code": "D1", "message": "first"}, {"message": "outer"}, "odd"]}},
            "",
            "X",
            "outer D1: first",
        ),
        (
            {
                "error": {
                    "code": "RequestDisallowedByPolicy",
                    "message": "no",
                    "additionalInfo": [{"type": "PolicyViolation", "info": {"policyDefinitionDisplayName": "Allowed locations"}}],
                }
            },
            "",
            "RequestDisallowedByPolicy",
            "no Policy: Allowed locations.",
        ),
    ],
)
def test_envelopes_in_all_shapes(body: Any, text: str, code: str, message: str) -> None:
    found = read_envelope(body, text, default_code="Http400")
    assert (found.code, found.message) == (code, message)


def test_a_long_page_is_cut() -> None:
    assert len(read_envelope(None, "word " * 1000, default_code="Http502").message) < 1100


def test_target_details_and_additional_info_survive() -> None:
    found = read_envelope(
        {"error": {"code": "MissingSubscriptionRegistration", "message": "m", "target": "Microsoft.RecoveryServices", "details": [{"code": "d"}]}},
        "",
        default_code="Http409",
    )
    assert found.target == "Microsoft.RecoveryServices"
    assert found.details == ({"code": "d"},)


def test_the_callers_hints_come_first_then_arms_then_the_services_own() -> None:
    assert hint_for("ScopeLocked", {"ScopeLocked": "mine"}) == "mine"
    assert "lock" in (hint_for("ScopeLocked", {}) or "")
    info = ({"type": "UserFacingError", "info": {"recommendedAction": ["Do this.", "Then that."]}},)
    assert hint_for("UserErrorSomething", {}, info) == "Do this. Then that."
    assert hint_for("UserErrorSomething", {}, ({"info": None},)) is None


def test_a_failure_has_the_contracts_fields_and_no_empty_ones() -> None:
    error = ArmError("m", code="C", status=409, target="t", request_id="r", operation="PUT x/y", hint="h")
    assert error.as_failure() == {
        "code": "C",
        "message": "m",
        "status": 409,
        "target": "t",
        "request_id": "r",
        "operation": "PUT x/y",
        "hint": "h",
    }
    assert str(error) == "C: m (PUT x/y, HTTP 409, request id r) h"
    assert ArmError("m").as_failure() == {"code": "Unknown", "message": "m"}
    assert not ArmError("m").ambiguous


def test_kinds_of_errors_name_what_matters() -> None:
    assert OptionError("vault", "is odd").as_failure() == {"code": "InvalidOption", "message": "vault: is odd", "target": "vault"}
    missing = MissingLibrary("azure-identity", "to sign in")
    assert missing.hint == "Install it there: pip install azure-identity"
    timeout = OperationTimeout("m", last_state="InProgress", resume={"operation_id": "op"})
    assert timeout.as_failure()["resume"] == {"operation_id": "op"}
    assert timeout.as_failure()["last_state"] == "InProgress"
