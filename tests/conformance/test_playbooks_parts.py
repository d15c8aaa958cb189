# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that do one thing with a plan: in check mode, for real, and again, with the example plan."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml
from harness import places
from harness.ansible import Result
from harness.simulator import Simulator

PLAYBOOKS = Path(places.collections_path()) / "ansible_collections" / "lifeboat" / "azure_dr" / "playbooks"
PLAN = PLAYBOOKS / "files" / "example_plan.yml"
NAME = "shop-and-office"
# What gives a playbook something to do in the example's estate.
NEEDS = {
    "protect": ("- vm: office-*", "- vm: office-file-*"),
    "backup": ("{age_hours: 6,", "{age_hours: 20,"),
    "replicate": ("{name: office-dc-02-nightly, age_hours: 10}", "{name: office-dc-02-nightly, age_hours: 40}"),
    "apim_backup": ("apim-shop-20260101T000000Z, age_hours: 5}", "apim-shop-20260101T000000Z, age_hours: 40}"),
}
RECAP = re.compile(r"^localhost +: .*changed=(\d+) .*failed=(\d+)", re.MULTILINE)


Start = Callable[..., Simulator]


@pytest.fixture(name="azure_for")
def azure_for_a_playbook(start_simulator: Start, tmp_path: Path) -> Start:
    def start(playbook: str) -> Simulator:
        text = (PLAYBOOKS / "files" / "example_estate.yml").read_text(encoding="utf-8")
        old, new = NEEDS.get(playbook, ("", ""))
        assert old in text
        estate = tmp_path / "estate.yml"
        estate.write_text(text.replace(old, new) if old else text, encoding="utf-8")
        # Fast enough for restores, and slow enough that nothing gets too old while the playbooks run.
        return start_simulator(estate=estate, speed=300)

    return start


def play(azure: Simulator, playbook: str, *, check: bool = False, **variables: Any) -> Result:
    extra = {"lifeboat_plan": str(PLAN), "lifeboat_poll_interval": 0.2, **variables}
    given = {name: value for name, value in extra.items() if value is not None}
    return azure.ansible.run(PLAYBOOKS / f"{playbook}.yml", check=check, extra_vars=given, verbosity=0)


def recap(result: Result) -> tuple[int, int]:
    found = RECAP.search(result.stdout)
    assert found, result.output
    return int(found[1]), int(found[2])


def summary(result: Result) -> str:
    found = [task.result["msg"] for task in result.tasks if task.task.endswith("Sum up") and "msg" in task.result]
    assert len(found) == 1, result.output
    return " ".join(found[0].split())


EXAMPLES = [
    ("protect", {}, "20 VMs: 2 {} protected or changed, 18 need nothing, failed: none."),
    ("backup", {}, "20 VMs: 12 {} backed up, 8 need nothing, failed: none."),
    ("replicate", {}, "2 VMs: 1 {} restore points or copies, 1 need nothing, failed: none."),
    ("apim_backup", {}, "1 services: 1 {} backed up, 0 need nothing, failed: none."),
    ("apim_failover", {"lifeboat_confirm": NAME}, "1 services: 1 {} restored into their standbys, 0 need nothing, failed: none."),
]
WORDS = {"replicate": ("would get", "got")}


@pytest.mark.parametrize(("playbook", "variables", "words"), EXAMPLES, ids=[playbook for playbook, _variables, _words in EXAMPLES])
def test_check_then_real_then_again(azure_for: Start, playbook: str, variables: dict[str, Any], words: str) -> None:
    azure = azure_for(playbook)
    would, did = WORDS.get(playbook, ("would be", "were"))
    foreseen = play(azure, playbook, check=True, **variables).ok()
    assert recap(foreseen)[0] > 0 and azure.control.writes() == []
    assert summary(foreseen) == f"{NAME}: {words.format(would)}"
    done = play(azure, playbook, **variables).ok()
    assert recap(done)[0] > 0 and azure.control.writes() != []
    assert summary(done) == f"{NAME}: {words.format(did)}"
    azure.control.reset()
    again = play(azure, playbook, **variables).ok()
    assert recap(again) == (0, 0) and azure.control.writes() == []
    assert re.search(r": 0 .*, [1-9]\d* need nothing, failed: none\.$", summary(again))


def test_what_is_missing_is_said_before_any_request(azure_for: Start) -> None:
    azure = azure_for("apim_failover")
    for given, wanted in (({"lifeboat_plan": None}, "lifeboat_plan=recovery-plan.yml"), ({"lifeboat_confirm": "another"}, f"lifeboat_confirm={NAME}")):
        result = play(azure, "apim_failover", **given)
        assert result.failed and wanted in result.stdout
    assert azure.control.requests() == []


@pytest.mark.parametrize("playbook", [playbook for playbook, _variables, _words in EXAMPLES])
def test_all_of_them_read_the_plan_first(playbook: str) -> None:
    (play_,) = yaml.safe_load((PLAYBOOKS / f"{playbook}.yml").read_text(encoding="utf-8"))
    assert play_["tasks"][0]["ansible.builtin.include_tasks"] == "tasks/read_plan.yml"


def test_what_fails_hides_nothing_and_fails_the_play(azure_for: Start) -> None:
    azure = azure_for("backup")
    azure.control.fault({"method": "POST", "path": "(?i)shop-web-0[12]/backup$", "hit": "every"}, {"status": 403, "code": "AuthorizationFailed"}, times=None)
    result = play(azure, "backup")
    assert summary(result) == f"{NAME}: 20 VMs: 10 were backed up, 8 need nothing, failed: shop-web-01, shop-web-02."
    assert result.failed and "2 of 20 failed. shop-web-01: AuthorizationFailed" in result["msg"]
