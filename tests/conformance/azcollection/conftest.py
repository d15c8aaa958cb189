# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests with azure.azcollection. They run by `make conformance-azcollection`, which installs it; elsewhere nothing is collected."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any, Callable

import pytest
from harness import places
from harness.simulator import Simulator

COLLECTION = "azure.azcollection"
ESTATE = Path(__file__).resolve().parent.parent / "sdk" / "estate.yml"


def _installed() -> bool:
    """Whether the Python package of Ansible with its collections is there, and the library that azure.azcollection signs in by."""
    try:
        return all(importlib.util.find_spec(name) for name in ("ansible_collections.azure.azcollection", "azure.cli.core"))
    except ModuleNotFoundError:
        return False


collect_ignore_glob = [] if _installed() else ["test_*.py"]


@pytest.fixture
def sim(start_simulator: Callable[..., Simulator]) -> Simulator:
    return start_simulator(estate=ESTATE, speed=1200, azurite=os.environ.get("AZURITE_COMMAND") or places.tool("azurite-blob"))


@pytest.fixture
def run(sim: Simulator) -> Callable[..., dict[str, Any]]:
    """Runs one module, as `run("azure_rm_resourcegroup_info", name="rg-dr")`; its result. It must not fail."""
    environment = {"REQUESTS_CA_BUNDLE": sim.ready["ca_file"], "AZURE_DISABLE_INSTANCE_DISCOVERY": "true"}

    def task(module: str, **arguments: Any) -> dict[str, Any]:
        done = sim.ansible.run_module(f"{COLLECTION}.{module}", arguments, environment=environment, verbosity=0)
        # What it shows (names of administrators, for one) is its own business.
        sim.ansible.outputs.clear()
        assert done.returncode == 0, done.output[-3000:]
        return done.value

    return task
