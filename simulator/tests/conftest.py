# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator without ports for most tests (`local`), and a real process with TLS for the rest (`served`)."""

from __future__ import annotations

from typing import Iterator

import pytest

from harness import Local, Served


@pytest.fixture()
def local() -> Local:
    return Local(throttle="off")


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    found = Served(tmp_path_factory.mktemp("simulator"), "--speed", "60", "--throttle", "off")
    yield found
    found.stop()


@pytest.fixture()
def served(process: Served) -> Served:
    """The shared process with a fresh token and without the faults and requests of other tests."""
    process.control("DELETE", "/faults")
    process.sign_in()
    process.control("DELETE", "/requests")
    return process
