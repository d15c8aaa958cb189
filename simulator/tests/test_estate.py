# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
import yaml

from azure_dr_simulator.estate import EstateError, default_document, load_estate, read_document
from azure_dr_simulator.fleet import with_fleet


def test_default_estate() -> None:
    estate = load_estate(default_document())
    assert (estate.location, estate.paired_location) == ("eastasia", "southeastasia")
    assert [vm.name for vm in estate.virtual_machines] == ["web-01", "web-02", "web-03", "app-01", "db-01"]
    assert len(estate.raw["vaults"]) == 2
    again = load_estate(default_document())
    assert again.subscription_id == estate.subscription_id
    assert again.principals[0].secret != estate.principals[0].secret
    assert again.principals[0].secret[0].isalnum()


def test_secrets_do_not_show() -> None:
    estate = load_estate(default_document())
    assert estate.principals[0].secret not in repr(estate)


def test_match_vms() -> None:
    estate = load_estate(default_document())
    assert [vm.name for vm in estate.match_vms("WEB-*")] == ["web-01", "web-02", "web-03"]
    assert estate.match_vms("*", "rg-dr") == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"loction": "eastasia"}, "loction"),
        ({"subscription_id": "abc"}, "subscription_id"),
        ({"principals": {}}, "principals"),
        ({"principals": [{"name": "a", "kind": "user"}]}, "principals[0].kind"),
        ({"principals": [{"name": "a", "roles": [{"scope": "/x"}]}]}, "principals[0].roles[0].role"),
        ({"resource_groups": [{}]}, "resource_groups[0].name"),
        ({"virtual_machines": [{"name": "a"}]}, "virtual_machines[0].resource_group"),
        ({"virtual_machines": [{"name": "a", "resource_group": "nowhere"}]}, "virtual_machines.a.resource_group"),
        ({"virtual_machines": [{"name": "a", "resource_group": "rg-prod", "os": "BeOS"}]}, "virtual_machines[0].os"),
        (
            {"virtual_machines": [{"name": "a", "resource_group": "rg-prod", "os_disk_gb": -1}]},
            "virtual_machines[0].os_disk_gb",
        ),
        ({"virtual_machines": [{"name": "a", "resource_group": "rg-prod", "count": 2}]}, "virtual_machines[0].name"),
        (
            {"virtual_machines": [{"name": "a{n!}", "resource_group": "rg-prod", "count": 2}]},
            "virtual_machines[0].name",
        ),
        ({"virtual_machines": [{"name": "a", "resource_group": "rg-prod"}] * 2}, "virtual_machines.a"),
        (
            {"virtual_machines": [{"name": "a", "resource_group": "rg-prod", "virtual_network": "x"}]},
            "virtual_machines.a.virtual_network",
        ),
        (
            {"storage_accounts": [{"name": "a", "resource_group": "rg-dr", "containers": [[]]}]},
            "storage_accounts[0].containers",
        ),
    ],
)
def test_errors_name_the_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(EstateError) as wrong:
        load_estate({**default_document(), **changes})
    assert wrong.value.place == place


def test_unreadable_files(tmp_path: Any) -> None:
    for text, words in (("- a", "mapping"), ("a: [", "not YAML")):
        (tmp_path / "estate.yml").write_text(text)
        with pytest.raises(EstateError, match=words):
            read_document(tmp_path / "estate.yml")
    with pytest.raises(EstateError, match="cannot read"):
        read_document(tmp_path / "missing.yml")


def test_fleet() -> None:
    plain = load_estate(with_fleet(default_document(), 1000, protected=False))
    assert (plain.virtual_machines[0].name, len(plain.virtual_machines)) == ("vm-0001", 1000)
    assert [vault["protected_items"] for vault in plain.raw["vaults"]] == [[], []]
    spread = with_fleet(default_document(), 5, protected=True)["vaults"]
    assert sorted(len(vault["protected_items"]) for vault in spread) == [2, 3]


def test_fleet_needs_a_group_and_a_vault() -> None:
    with pytest.raises(EstateError, match="resource_groups"):
        with_fleet({}, 1, protected=False)
    with pytest.raises(EstateError, match="vaults"):
        with_fleet({"resource_groups": [{"name": "a"}]}, 1, protected=True)


def test_readme_example_loads() -> None:
    from pathlib import Path

    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    example = readme.split("```yaml\n# estate.yml\n", 1)[1].split("```", 1)[0]
    estate = load_estate(yaml.safe_load(example))
    assert len(estate.virtual_machines) == 13
