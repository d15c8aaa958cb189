# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed drill has left is waited for, and nothing is started."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.filter.restores_to_adopt import restores_to_adopt

RESTORES = [{"vm": ["/VM/One", "/vm/two"], "mode": "new_vm"}, {"vm": ["/vm/three"], "mode": "new_vm"}]


def result(vm: str, action: str, changed: bool, failed: bool = False) -> dict[str, Any]:
    return {"id": vm, "action": action, "changed": changed, "failed": failed}


@pytest.mark.parametrize(
    ("found", "adopted"),
    [
        (result("/vm/one", "adopted", True), True),
        (result("/vm/one", "none", True), True),
        (result("/vm/one", "none", False), False),
        (result("/vm/one", "started", True), False),
        (result("/vm/one", "adopted", True, failed=True), False),
    ],
)
def test_only_what_was_started_by_somebody(found: dict[str, Any], adopted: bool) -> None:
    expected = [{"vm": ["/VM/One"], "mode": "new_vm"}] if adopted else []
    assert restores_to_adopt(RESTORES, [found, result("/vm/two", "started", True), {"id": None, "failed": True}]) == expected
