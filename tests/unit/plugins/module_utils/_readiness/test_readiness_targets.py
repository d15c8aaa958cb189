# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where VMs are recovered to, as tables: groups, networks, addresses, names, storage, quotas."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.check_quotas import check_quotas
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.check_targets import (
    check_groups,
    check_names,
    check_networks,
    check_storage,
    usage_of,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.facts import Size, Usage
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._readiness.readiness_samples import (
    GROUP,
    NETWORK,
    PLACE,
    STORAGE,
    SUB,
    SUBNET,
    TARGET,
    VM,
    account,
    facts,
    machine,
    need,
    needs,
    network,
    told,
)

FORBIDDEN = HttpError("no", status=403, code="AuthorizationFailed")


@pytest.mark.parametrize(
    ("group", "state", "words"),
    [
        ({"location": "East Asia"}, "ok", "eastasia"),
        ({"location": "westeurope"}, "warning", "of westeurope"),
        (None, "failed", "no resource group rg-dr; 1 VM"),
        (FORBIDDEN, "unknown", "AuthorizationFailed"),
    ],
)
def test_resource_groups(group: Any, state: str, words: str) -> None:
    there = facts()
    there.groups[GROUP.lower()] = group
    ((found, message),) = told(check_groups, needs(), there)
    assert found == state and words in message


@pytest.mark.parametrize(
    ("found", "spaces", "expected"),
    [
        (network(), {SUBNET.lower(): Usage(250, 251)}, [("network", "ok"), ("address_space", "ok")]),
        (network(), {SUBNET.lower(): Usage(251, 251)}, [("network", "ok"), ("address_space", "failed")]),
        # Where Azure does not let the usage be read, the subnet itself tells.
        (network("10.0.0.0/29", used=2), FORBIDDEN, [("network", "ok"), ("address_space", "ok")]),
        (network("10.0.0.0/29", used=3), FORBIDDEN, [("network", "ok"), ("address_space", "failed")]),
        (network("2001:db8::/64"), FORBIDDEN, [("network", "ok"), ("address_space", "unknown")]),
        (network(location="westeurope"), {}, [("network", "failed")]),
        (network(subnet="other"), {}, [("network", "failed")]),
        (None, {}, [("network", "failed")]),
        (FORBIDDEN, FORBIDDEN, [("network", "unknown")]),
    ],
)
def test_networks_and_their_room(found: Any, spaces: Any, expected: list[tuple[str, str]]) -> None:
    there = facts()
    there.networks[NETWORK.lower()], there.spaces[NETWORK.lower()] = found, spaces
    assert [(one.check, one.state) for one in check_networks(needs(), there)] == expected


def test_a_vm_that_is_recovered_already_takes_no_more_address() -> None:
    there = facts()
    there.spaces[NETWORK.lower()] = {SUBNET.lower(): Usage(251, 251)}
    there.machines[GROUP.lower()] = machine(TARGET)
    assert [one.state for one in check_networks(needs(), there)] == ["ok", "ok"]


def test_missing_addresses_are_counted() -> None:
    there = facts()
    there.spaces[NETWORK.lower()] = {SUBNET.lower(): Usage(3, 4)}
    many = [need(vm=Vm(SUB, "rg-shop", f"web-{number}"), target_id=f"{TARGET}-{number}") for number in range(3)]
    found = [one for one in check_networks(needs(*many), there) if one.check == "address_space"]
    assert [(one.state, one.value, one.objective) for one in found] == [("failed", 1, 3)]
    assert "2 are missing" in found[0].message


@pytest.mark.parametrize(
    ("properties", "usage"),
    [
        ({"addressPrefix": "10.0.0.0/24"}, Usage(0, 251)),
        ({"addressPrefixes": ["10.0.0.0/29", "fd00::/64"], "ipConfigurations": [{}]}, Usage(1, 3)),
        ({"addressPrefix": "10.0.0.0/24", "addressPrefixes": ["10.0.0.0/24"]}, Usage(0, 251)),
        ({"addressPrefix": "nonsense"}, None),
        ({}, None),
    ],
)
def test_what_a_subnet_tells_of_its_room(properties: dict[str, Any], usage: Usage | None) -> None:
    assert usage_of({"properties": properties}) == usage


OTHER_RUN = {"lifeboat_plan": "plan", "lifeboat_purpose": "drill", "lifeboat_run": "run-1"}
THIS_RUN = {**OTHER_RUN, "lifeboat_run": "run-2"}


@pytest.mark.parametrize(
    ("machines", "purpose", "state", "words"),
    [
        ({}, "drill", "ok", "is taken"),
        (machine(TARGET), "drill", "failed", "no drill of this plan has made"),
        (machine(TARGET), "failover", "warning", "taken for the recovered one"),
        (machine(TARGET, **OTHER_RUN), "drill", "warning", "earlier drill"),
        (machine(f"{GROUP}/providers/Microsoft.Compute/virtualMachines/left", **OTHER_RUN), "drill", "warning", "left"),
        (machine(f"{GROUP}/providers/Microsoft.Compute/virtualMachines/theirs"), "drill", "ok", "is taken"),
        (FORBIDDEN, "drill", "unknown", "AuthorizationFailed"),
    ],
)
def test_names_and_leftovers(machines: Any, purpose: str, state: str, words: str) -> None:
    there = facts()
    there.machines[GROUP.lower()] = machines
    ((found, message),) = told(check_names, needs(purpose=purpose), there)
    assert found == state and words in message


def test_what_this_very_run_has_made_is_no_leftover() -> None:
    there = facts()
    there.machines[GROUP.lower()] = machine(f"{GROUP}/providers/Microsoft.Compute/virtualMachines/own", **THIS_RUN)
    assert [state for state, _message in told(check_names, needs(), there)] == ["ok"]


@pytest.mark.parametrize(
    ("found", "state", "words"),
    [
        (account(), "ok", "eastasia"),
        (account(location="westeurope"), "failed", "in westeurope"),
        (account(kind="BlockBlobStorage"), "failed", "block blobs only"),
        (account(kind="BlobStorage"), "failed", "BlobStorage"),
        (account(kind="FileStorage"), "failed", "files only"),
        (account(sku={"name": "Premium_LRS"}), "warning", "Premium_LRS"),
        (account(properties={"provisioningState": "ResolvingDNS"}), "warning", "ResolvingDNS"),
        (None, "failed", "no storage account"),
        (FORBIDDEN, "unknown", "AuthorizationFailed"),
    ],
)
def test_staging_storage(found: Any, state: str, words: str) -> None:
    there = facts()
    there.accounts[STORAGE.lower()] = found
    ((seen, message),) = told(check_storage, needs(), there)
    assert seen == state and words in message


def test_restores_from_restore_points_need_no_staging_storage() -> None:
    assert told(check_storage, needs(need(storage_id=None)), facts()) == []


GOOD = {"cores": Usage(90, 100), "standarddsv5family": Usage(0, 50)}


@pytest.mark.parametrize(
    ("quotas", "sizes", "expected"),
    [
        (GOOD, {"standard_d2s_v5": Size(2, "standardDSv5Family")}, [("ok", 10, 2), ("ok", 50, 2)]),
        ({**GOOD, "cores": Usage(99, 100)}, {"standard_d2s_v5": Size(2, "standardDSv5Family")}, [("failed", 1, 2), ("ok", 50, 2)]),
        ({**GOOD, "standarddsv5family": Usage(50, 50)}, {"standard_d2s_v5": Size(2, "standardDSv5Family")}, [("ok", 10, 2), ("failed", 0, 2)]),
        ({**GOOD, "virtualmachines": Usage(5, 5)}, {"standard_d2s_v5": Size(2, None)}, [("ok", 10, 2), ("failed", 0, 1)]),
        ({"cores": Usage(0, 9)}, {"standard_d2s_v5": Size(2, "standardDSv5Family")}, [("ok", 9, 2), ("unknown", None, 2)]),
        ({"cores": Usage(0, 9)}, {}, [("ok", 9, 0), ("failed", "Standard_D2s_v5", None)]),
        ({"cores": Usage(0, 9)}, {"standard_d2s_v5": Size(2, "f", offered=False)}, [("ok", 9, 0), ("failed", "Standard_D2s_v5", None)]),
        (FORBIDDEN, {}, [("unknown", None, None)]),
        (GOOD, FORBIDDEN, [("unknown", None, None)]),
    ],
)
def test_quotas(quotas: Any, sizes: Any, expected: list[tuple[str, Any, Any]]) -> None:
    there = facts()
    there.quotas[PLACE], there.sizes[PLACE] = quotas, sizes
    assert [(one.state, one.value, one.objective) for one in check_quotas(needs(), there)] == expected


def test_missing_vcpus_are_counted_over_all_vms_of_the_region() -> None:
    there = facts()
    there.quotas[PLACE] = {"cores": Usage(0, 5)}
    there.sizes[PLACE] = {"standard_d2s_v5": Size(2, None)}
    many = [need(target_id=f"{TARGET}-{number}") for number in range(4)]
    ((state, message),) = told(check_quotas, needs(*many), there)
    assert state == "failed" and "needs 8 at once: 3 are missing" in message


def test_what_is_recovered_already_counts_no_more() -> None:
    there = facts()
    there.machines[GROUP.lower()] = machine(TARGET)
    assert {one.objective for one in check_quotas(needs(), there)} == {0}


def test_a_vm_whose_size_nobody_knows_is_told() -> None:
    there = facts()
    there.machines[f"/subscriptions/{SUB}/resourcegroups/rg-shop"] = {}
    found = list(check_quotas(needs(), there))
    assert (found[-1].state, found[-1].value) == ("warning", 1) and VM.name in found[-1].message
    assert [one.state for one in check_quotas(needs(need(vm_size="Standard_D2s_v5")), there)] == ["ok", "ok", "ok"]
