# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests with the official SDKs, which `make sdk` (the newest) and `make sdk-older` install; elsewhere nothing is collected."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from harness import places
from harness.simulator import Simulator, simulators


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


ESTATE = Path(__file__).parent / "estate.yml"
SPEED = 1200
"""The SDKs poll once a second at most."""

collect_ignore_glob = [] if _installed("azure.mgmt.recoveryservicesbackup") else ["test_*.py"]


@pytest.fixture
def sim(start_simulator: Callable[..., Simulator]) -> Simulator:
    """A simulator of the SDK tests' own estate."""
    return start_simulator(estate=ESTATE, speed=SPEED)


@pytest.fixture
def azure(sim: Simulator) -> Any:
    from azure_clients import Clients

    return Clients(sim)


@pytest.fixture(scope="module")
def shared_azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Clients of one simulator for all tests of a file, which have to keep out of each other's way."""
    from azure_clients import Clients

    with simulators(tmp_path_factory.mktemp("shared")) as start:
        yield Clients(start(estate=ESTATE, speed=SPEED))


@pytest.fixture(scope="module")
def azure_with_blobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The same, with the blobs of the storage accounts in Azurite."""
    from azure_clients import Clients

    azurite = os.environ.get("AZURITE_COMMAND") or places.tool("azurite-blob")
    with simulators(tmp_path_factory.mktemp("blobs")) as start:
        yield Clients(start(estate=ESTATE, speed=SPEED, azurite=azurite))


@pytest.fixture
def vault(azure: Any) -> Any:
    from azure_clients import Vault

    return Vault(azure)
