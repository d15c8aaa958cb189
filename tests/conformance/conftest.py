# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the conformance tests.

`sim` is a fresh simulator with its default estate; `start_simulator(vms=1000, throttle="2023")` starts others. See harness/.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Iterator

import pytest
from harness import places
from harness.simulator import Simulator, simulators


@pytest.fixture
def start_simulator(tmp_path: Path) -> Iterator[Callable[..., Simulator]]:
    """Starts simulators. At the end of the test all are stopped, and all output is searched for their secrets."""
    with simulators(tmp_path) as start:
        yield start


@pytest.fixture
def sim(start_simulator: Callable[..., Simulator]) -> Simulator:
    return start_simulator()


@pytest.fixture(scope="session")
def traffic() -> Path:
    """The folder of recorded traffic; the test is skipped where there is none."""
    folder = places.traffic()
    if folder is None or not folder.is_dir():
        pytest.skip(places.NO_TRAFFIC)
    return folder
