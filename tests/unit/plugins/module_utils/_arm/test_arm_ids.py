# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource ids and path segments."""

from __future__ import annotations

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.ids import ResourceId, same_id, segment

VM = "/subscriptions/S1/resourceGroups/Rg-Prod/providers/Microsoft.Compute/virtualMachines/web-01"


def test_an_id_is_taken_apart_and_put_together() -> None:
    found = ResourceId.parse(VM)
    assert (found.subscription, found.group, found.namespace) == ("S1", "Rg-Prod", "Microsoft.Compute")
    assert (found.types, found.names, found.name, found.type) == (("virtualMachines",), ("web-01",), "web-01", "Microsoft.Compute/virtualMachines")
    assert str(found) == found.path == VM
    assert found.is_type("microsoft.compute/VIRTUALMACHINES")


def test_nested_ids_keep_raw_names_and_encode_the_path() -> None:
    text = f"{VM.rsplit('/providers', 1)[0]}/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure/protectionContainers/c;d/protectedItems/vm;x"
    found = ResourceId.parse(text)
    assert found.name == "vm;x"
    assert found.path.endswith("/protectionContainers/c%3Bd/protectedItems/vm%3Bx")
    assert ResourceId.parse(found.path) == found


def test_ids_are_equal_without_case() -> None:
    assert ResourceId.parse(VM) == ResourceId.parse(VM.lower().replace("resourcegroups", "RESOURCEGROUPS"))
    assert len({ResourceId.parse(VM), ResourceId.parse(VM.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))}) == 1
    assert ResourceId.parse(VM) != ResourceId.parse(VM + "x")
    assert ResourceId.parse(VM) != VM
    assert same_id(VM, VM.lower() + "/")
    assert same_id("a%3Bb", "A;B")
    assert not same_id(None, None)
    assert not same_id(VM, "")


def test_subscriptions_and_groups_are_ids_too() -> None:
    assert ResourceId.parse("/subscriptions/S1").name == "S1"
    group = ResourceId.parse("/subscriptions/S1/resourcegroups/g")
    assert (group.name, group.type, str(group)) == ("g", "", "/subscriptions/S1/resourceGroups/g")
    location = ResourceId.parse("/Subscriptions/S1/providers/Microsoft.RecoveryServices/locations/eastasia")
    assert (location.group, location.name) == (None, "eastasia")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "web-01",
        "/providers/x",
        "/subscriptions",
        "/subscriptions//resourceGroups/g",
        "/subscriptions/S1/resourceGroups",
        "/subscriptions/S1/resourceGroups/g/virtualMachines/x",
        "/subscriptions/S1/resourceGroups/g/providers/Microsoft.Compute",
        "/subscriptions/S1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines",
    ],
)
def test_what_is_no_id_is_refused_with_a_reason(text: object) -> None:
    with pytest.raises(ValueError, match="resource id"):
        ResourceId.parse(text)


@pytest.mark.parametrize(
    ("text", "encoded"),
    [("vm;iaasvmcontainerv2;rg;vm", "vm%3Biaasvmcontainerv2%3Brg%3Bvm"), ("rg (old)_1.x-y", "rg%20(old)_1.x-y"), ("größe", "gr%C3%B6%C3%9Fe")],
)
def test_segments_are_encoded_once(text: str, encoded: str) -> None:
    assert segment(text) == encoded


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "a?b", "a%3Bb", "a&b", "a\\b", "a\nb", "x" * 261])
def test_segments_that_would_change_the_path_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name"):
        segment(text)
