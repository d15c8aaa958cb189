# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module, role and requirement of the collection must have, wherever it is written."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__")
ROLES = sorted(path.name for path in (ROOT / "roles").glob("*") if path.is_dir())
TARGETS = ROOT / "tests" / "integration" / "targets"


def documentation(module: str) -> dict[str, Any]:
    tree = ast.parse((ROOT / "plugins" / "modules" / (module + ".py")).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "DOCUMENTATION":
            found: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return found
    raise AssertionError(module + " has no DOCUMENTATION")


def requirements(name: str) -> set[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {line.replace(" ", "") for line in lines if line.strip() and not line.startswith("#")}


def test_there_are_modules() -> None:
    assert MODULES


def asks_azure(module: str) -> bool:
    text = (ROOT / "plugins" / "modules" / (module + ".py")).read_text(encoding="utf-8")
    # A module without code is documentation: its action plugin does the work, on the controller.
    return "def main(" in text and "azure=False" not in text


def test_action_group_is_all_modules_that_take_credentials() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert sorted(runtime["action_groups"]["azure_dr"]) == [module for module in MODULES if asks_azure(module)]


@pytest.mark.parametrize("module", MODULES)
def test_module_extends_the_shared_fragments(module: str) -> None:
    fragments = documentation(module)["extends_documentation_fragment"]
    assert ("lifeboat.azure_dr.auth" in fragments) is asks_azure(module)
    assert ("lifeboat.azure_dr.attributes.info" if module.endswith("_info") else "lifeboat.azure_dr.attributes") in fragments


def waits(module: str) -> bool:
    found = documentation(module)
    return "lifeboat.azure_dr.wait" in found["extends_documentation_fragment"] or "wait_timeout" in found.get("options", {})


@pytest.mark.parametrize("module", [module for module in MODULES if waits(module) and not module.endswith("_info")])
def test_module_that_waits_shows_its_progress(module: str) -> None:
    action = ROOT / "plugins" / "action" / (module + ".py")
    assert "ProgressActionModule" in action.read_text(encoding="utf-8")
    assert "task.waiting" in (ROOT / "plugins" / "modules" / (module + ".py")).read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_modules_refer_to_each_other_both_ways(module: str) -> None:
    name = "lifeboat.azure_dr." + module
    others = [entry["module"].rpartition(".")[2] for entry in documentation(module)["seealso"] if "module" in entry]
    assert others and all(name in [entry.get("module") for entry in documentation(other)["seealso"]] for other in others)


@pytest.mark.parametrize("module", MODULES)
def test_readme_lists_module(module: str) -> None:
    assert f"`{module}`" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODULES + ["role_" + role for role in ROLES])
def test_has_an_integration_target_with_scenarios(name: str) -> None:
    """A target with the name of a role of the collection would never run: ansible-test takes the role for it."""
    assert not (TARGETS / name.removeprefix("role_")).is_dir() or name in MODULES
    aliases = (TARGETS / name / "aliases").read_text(encoding="utf-8").split()
    assert "needs/target/setup_simulator" in aliases
    assert "context/controller" in aliases
    assert re.search(r"^ +setup_simulator_scenarios:\n +- ", (TARGETS / name / "tasks" / "main.yml").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("target", sorted(path.name for path in TARGETS.glob("*") if not path.name.startswith("setup_")))
def test_each_scenario_of_a_target_has_its_tasks(target: str) -> None:
    tasks = TARGETS / target / "tasks"
    play = yaml.safe_load((tasks / "main.yml").read_text(encoding="utf-8"))
    scenarios = [scenario["name"] for task in play for scenario in task.get("vars", {}).get("setup_simulator_scenarios", [])]
    expected = {name + end for name in scenarios for end in (".yml", "_prepare.yml", "_verify.yml")}
    found = {path.name for path in tasks.glob("*.yml")}
    assert {name + ".yml" for name in scenarios} <= found
    stray = {name for name in found - expected - {"main.yml"} if name.endswith(("_prepare.yml", "_verify.yml"))}
    assert not stray


def test_roles_have_argument_specs_and_readme() -> None:
    wanted = [ROOT / "roles" / role / name for role in ROLES for name in ("meta/argument_specs.yml", "README.md")]
    assert [path for path in wanted if not path.is_file()] == []


def test_requirements_are_lower_bounds() -> None:
    for line in requirements("requirements.txt"):
        assert re.fullmatch(r"[\w-]+>=[\d.]+", line)


@pytest.mark.parametrize("name", ["tests/unit/requirements.txt", "tests/integration/requirements.txt"])
def test_tests_install_what_users_install(name: str) -> None:
    assert requirements("requirements.txt") <= requirements(name)


def test_no_sanity_ignores() -> None:
    assert not list((ROOT / "tests" / "sanity").glob("ignore-*"))
