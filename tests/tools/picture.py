# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the picture of the report in the documentation: `picture.py BUILD FILE`, of a made-up run that is always the same."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.document import report_of
from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.report_render import as_html
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._report.samples import build

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))

from chromium import running

WIDTH, HEIGHT = 1280, 1690


def main(build_folder: Path, target: Path) -> None:
    found = json.loads((build_folder / "browser" / "browser.json").read_text(encoding="utf-8"))
    if not found["command"]:
        sys.exit("There is no browser: " + found["missing"])
    with tempfile.TemporaryDirectory() as folder, running(found["command"], found["environment"]) as browser:
        path = Path(folder) / "report.html"
        path.write_text(as_html(report_of(build())), encoding="utf-8")
        page = browser.page()
        page.show(WIDTH, HEIGHT)
        page.open(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(page.picture(whole=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
