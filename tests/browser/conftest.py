# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser and the pages that it looks at. `make browser` installs it and says where with LIFEBOAT_BROWSER."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Iterator

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.document import report_of
from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.report_render import as_html
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._report.samples import build, many_waves
from chromium import Browser, Page, running

VARIABLE = "LIFEBOAT_BROWSER"
"""The file that tests/tools/browser.py leaves."""

THREE = (("shop", "data", 1, 1, ()), ("shop", "web", 2, 2, ("shop/data",)))
RECORDS = {
    "three": lambda: build(THREE),
    "passed": build,
    "failed": lambda: build(failing=True),
    "rehearsed": lambda: build(simulated=True),
    "thousand": lambda: build(many_waves(1000)),
    "thousand-failed": lambda: build(many_waves(1000), failing=True),
}


@pytest.fixture(scope="session")
def installed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))
    if not found["command"]:
        pytest.skip(f"There is no browser: {found['missing']}")
    return found


@pytest.fixture(scope="session")
def browser(installed: dict[str, Any]) -> Iterator[Browser]:
    with running(installed["command"], installed["environment"]) as found:
        yield found


@pytest.fixture(scope="session")
def axe(installed: dict[str, Any]) -> str:
    return Path(installed["axe"]).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    found = {}
    for name, make in RECORDS.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(as_html(report_of(make())), encoding="utf-8")
    return found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    found = browser.page()
    yield found
    found.close()
