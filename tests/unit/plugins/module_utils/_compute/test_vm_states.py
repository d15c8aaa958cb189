# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How VMs are: what is asked for few and for many, and what of it is told."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.vm_states import VmState, read_states
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, client_for, failure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.fake_machines import FakeMachines, vm


@pytest.fixture(name="azure")
def make_azure() -> FakeMachines:
    return FakeMachines()


def read(azure: FakeMachines, *names: str, group: str = "rg-dr") -> list[VmState | ArmError]:
    vms = [vm(name, group) for name in names]
    states = read_states(client_for(azure), vms)  # type: ignore[arg-type]
    return [states[one.key] for one in vms]


def test_a_few_are_read_one_by_one(azure: FakeMachines) -> None:
    azure.add("web-01", "10.0.0.4", "10.1.0.4")
    azure.add("web-02", "10.0.0.5", power="deallocated", logged=False)
    first, second, third = read(azure, "web-01", "web-02", "web-03")
    assert isinstance(first, VmState) and isinstance(second, VmState) and isinstance(third, ArmError)
    # That of the primary interface comes first.
    assert first.facts() == {
        "power_state": "running",
        "provisioning_state": "Succeeded",
        "agent_state": "Ready",
        "agent_version": "2.9.1.1",
        "boot_diagnostics": True,
        "private_ip_addresses": ["10.1.0.4", "10.0.0.4"],
    }
    assert (second.power_state, second.agent_state, second.boot_diagnostics, second.addresses) == ("deallocated", None, False, ("10.0.0.5",))
    assert third.code == "VmNotFound"


def test_a_thousand_take_three_lists(azure: FakeMachines) -> None:
    names = [f"web-{number}" for number in range(1000)]
    for number, name in enumerate(names):
        azure.add(name, f"10.0.{number // 200}.{number % 200}")
    states = read(azure, *names, "nobody")
    assert azure.asked == ["GET Microsoft.Compute/virtualMachines", "GET Microsoft.Compute/virtualMachines", "GET Microsoft.Network/networkInterfaces"]
    assert len({state.addresses for state in states if isinstance(state, VmState) and state.power_state == "running"}) == 1000
    assert isinstance(states[-1], ArmError) and states[-1].code == "VmNotFound"


def test_many_groups_with_few_vms_each_are_many_vms(azure: FakeMachines) -> None:
    vms = [vm("web", f"rg-{number}") for number in range(30)]
    for one in vms:
        azure.add("web", "10.0.0.4", group=one.group)
    states = read_states(client_for(azure), vms)  # type: ignore[arg-type]
    assert len(states) == 30 and not [asked for asked in azure.asked if asked.endswith("virtualMachines/web")]


def test_without_the_list_of_states_the_rest_is_told(azure: FakeMachines) -> None:
    names = [f"web-{number}" for number in range(6)]
    for name in names:
        azure.add(name, "10.0.0.4")
    azure.answers[f"/subscriptions/{SUB}/providers/microsoft.compute"] = failure(403, "AuthorizationFailed")
    states = read(azure, *names)
    assert [(state.power_state, state.addresses) for state in states if isinstance(state, VmState)] == [(None, ("10.0.0.4",))] * 6


def test_a_group_that_may_not_be_listed_fails_its_own_vms_only(azure: FakeMachines) -> None:
    names = [f"web-{number}" for number in range(6)]
    for name in names:
        azure.add(name, "10.0.0.4")
    azure.add("db", "10.0.1.4", group="rg-data")
    azure.answers[f"/subscriptions/{SUB}/resourcegroups/rg-dr"] = failure(403, "AuthorizationFailed")
    states = read_states(client_for(azure), [*(vm(name) for name in names), vm("db", "rg-data")])  # type: ignore[arg-type]
    assert {state.code if isinstance(state, ArmError) else "" for key, state in states.items() if "rg-dr" in key} == {"AuthorizationFailed"}
    assert isinstance(states[vm("db", "rg-data").key], VmState)


def test_interfaces_of_another_group_and_interfaces_that_may_not_be_read(azure: FakeMachines) -> None:
    azure.add("web-01", "10.0.0.4", nic_group="rg-net")
    (state,) = read(azure, "web-01")
    assert isinstance(state, VmState) and state.addresses == ("10.0.0.4",)
    azure.answers[f"/subscriptions/{SUB}/resourcegroups/rg-net"] = failure(403, "AuthorizationFailed")
    (refused,) = read(azure, "web-01")
    assert isinstance(refused, ArmError) and refused.code == "AuthorizationFailed"
