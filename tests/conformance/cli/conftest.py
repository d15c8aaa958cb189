# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: one simulator for all tests, with estate.yml, and the CLI signed in to it. Each test uses machines and vaults of its own."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Iterator

import pytest
from command_line import AzureCli
from harness import places
from harness.control import Control

HERE = Path(__file__).resolve().parent
SPEED = "600"
"""Virtual seconds in a second: what Azure takes a minute for is done before the CLI looks the first time."""

if "AZURE_CLI" not in os.environ or "AZURE_CLI_RUN" not in os.environ:
    # These run by `make conformance-cli` only.
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def run_dir() -> Path:
    folder = Path(os.environ["AZURE_CLI_RUN"])
    shutil.rmtree(folder / "home", ignore_errors=True)
    return folder


@pytest.fixture(scope="session")
def ready(run_dir: Path) -> Iterator[dict[str, Any]]:
    sys.path.append(str(HERE.parents[1] / "tools"))
    import simulator

    azurite = os.environ.get("AZURITE_COMMAND") or places.tool("azurite-blob")
    flags = ("--estate", str(HERE / "estate.yml"), "--speed", SPEED, "--seed", "1", "--azurite", azurite)
    with simulator.running(run_dir / "simulator", *flags) as found:
        yield found


@pytest.fixture(scope="session")
def control(ready: dict[str, Any]) -> Control:
    return Control(ready["control_url"])


@pytest.fixture(scope="session")
def az(run_dir: Path, ready: dict[str, Any]) -> AzureCli:
    cli = AzureCli(os.environ["AZURE_CLI"], run_dir / "home", ready)
    cli.register()
    cli.sign_in()
    return cli


@pytest.fixture
def fresh_az(run_dir: Path, ready: dict[str, Any], request: pytest.FixtureRequest) -> AzureCli:
    """A CLI that knows no cloud and nobody."""
    folder = run_dir / "home" / request.node.name
    return AzureCli(os.environ["AZURE_CLI"], folder, ready)
