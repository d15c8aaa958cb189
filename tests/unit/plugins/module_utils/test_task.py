# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module asks of its task."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import AUTH, Task
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.auth.options import ENVIRONMENT

VM_ID = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/web-01"


def task(monkeypatch: pytest.MonkeyPatch, **params: Any) -> Task:
    """The task of a module in a place that says no subscription, as an AWX credential without one does."""
    for names in ENVIRONMENT.values():
        for name in names:
            monkeypatch.setenv(name, "")
    options = {**dict.fromkeys(AUTH), "client_id": "app", "tenant": "contoso", "secret": "not-a-real-secret", **params}
    return Task(SimpleNamespace(params=options, check_mode=True, _diff=False), hints={})


def test_ids_of_vms_need_no_subscription_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [vm.id for vm in task(monkeypatch, vm=[VM_ID]).vms()] == [VM_ID]


@pytest.mark.parametrize("names", [["web-01"], [VM_ID, "web-02"]])
def test_names_of_vms_do(monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    with pytest.raises(OptionError, match="subscription_id"):
        task(monkeypatch, vm=names, vm_resource_group="rg-prod").vms()
