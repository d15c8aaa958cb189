# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the browser that looks at the reports: `browser.py BUILD` leaves BUILD/browser/browser.json with its command.

The browser is Chromium as an npm package, which needs nothing of the system, with a font and axe-core. It is built for x86-64 Linux only;
elsewhere, or when REPORT_BROWSER names one, a Chromium or Chrome of the system is taken.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import environment
import node

MANIFEST = Path(__file__).parent / "chromium" / "package.json"
VARIABLE = "REPORT_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
UNPACK = """
const fs = require("fs"), zlib = require("zlib"), stream = require("stream");
const [from, to] = process.argv.slice(1);
stream.pipeline(fs.createReadStream(from), zlib.createBrotliDecompress(), fs.createWriteStream(to), (problem) => { if (problem) throw problem; });
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>%s</dir><cachedir>%s</cachedir></fontconfig>
"""


def main(build: Path) -> None:
    folder = build / "browser"
    result, mark = folder / "browser.json", folder / ".made-from"
    key = MANIFEST.read_text() + Path(__file__).read_text() + os.environ.get(VARIABLE, "")
    if result.is_file() and mark.is_file() and mark.read_text() == key:
        return
    print("Installing the browser that looks at the reports.", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = node.find(build / "venv", environment.install)
    node.install(command, MANIFEST, folder / "npm")
    result.write_text(json.dumps({**choose(folder, command), "axe": str(folder / "npm" / "node_modules" / "axe-core" / "axe.min.js")}, indent=2))
    mark.write_text(key)


def choose(folder: Path, node_command: str) -> dict[str, object]:
    """`command` and `environment`; an empty command and the reason in `missing` when there is no browser."""
    given = os.environ.get(VARIABLE)
    if given:
        return {"command": [given], "environment": {}}
    if sys.platform == "linux" and platform.machine() == "x86_64":
        found = unpack(folder, node_command)
        if starts(found):
            return found
    installed = [path for path in map(shutil.which, NAMES) if path]
    if installed:
        return {"command": installed[:1], "environment": {}}
    return {"command": [], "environment": {}, "missing": "no Chromium that runs on this system; install one, or name it in %s" % VARIABLE}


def unpack(folder: Path, node_command: str) -> dict[str, object]:
    """The packed browser, the libraries that a bare system lacks, and its font."""
    packed, target = folder / "npm" / "node_modules" / "@sparticuz" / "chromium" / "bin", folder / "chromium"
    target.mkdir()
    for name in ("chromium", "fonts.tar", "swiftshader.tar", "al2023.tar"):
        subprocess.run([node_command, "-e", UNPACK, str(packed / (name + ".br")), str(target / name)], check=True)
        if name.endswith(".tar"):
            with tarfile.open(target / name) as archive:
                options = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
                archive.extractall(target if name == "swiftshader.tar" else target / name.removesuffix(".tar"), **options)
            (target / name).unlink()
    program = target / "chromium"
    program.chmod(0o755)
    (target / "fonts.conf").write_text(FONTS % (target / "fonts", target / "font-cache"))
    libraries = [str(path.parent) for path in (target / "al2023").rglob("libnss3.so")]
    return {"command": [str(program)], "environment": {"LD_LIBRARY_PATH": os.pathsep.join(libraries), "FONTCONFIG_FILE": str(target / "fonts.conf")}}


def starts(found: dict[str, object]) -> bool:
    command, variables = found["command"], found["environment"]
    assert isinstance(command, list) and isinstance(variables, dict)
    try:
        answer = subprocess.run([*command, "--version"], env={**os.environ, **variables}, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
