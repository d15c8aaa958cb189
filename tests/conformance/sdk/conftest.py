# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests with the official SDKs. They run by `make sdk` (the newest) and `make sdk-older`, which install the SDKs; elsewhere nothing is collected."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Callable

import pytest
from harness.simulator import Simulator


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


collect_ignore_glob = [] if _installed("azure.mgmt.recoveryservicesbackup") else ["test_*.py"]


@pytest.fixture
def sim(start_simulator: Callable[..., Simulator]) -> Simulator:
    """A simulator of the SDK tests' own estate. Fast: the SDKs poll once a second at most."""
    return start_simulator(estate=Path(__file__).parent / "estate.yml", speed=1200)


@pytest.fixture
def azure(sim: Simulator) -> Any:
    from azure_clients import Clients

    return Clients(sim)


@pytest.fixture
def vault(azure: Any) -> Any:
    from azure_clients import Vault

    return Vault(azure)
