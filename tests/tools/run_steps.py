# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the named make targets one after the other and sums up: `run_steps.py BUILD STEP...`.

Every step runs, also after a failed one. The output of each is kept in BUILD/logs/STEP.log.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(step: str, log: Path) -> int:
    with open(log, "w", encoding="utf-8") as file, subprocess.Popen(
        ["make", "--no-print-directory", step], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            file.write(line)
            print(line, end="", flush=True)
    return process.returncode


def main(build: Path, steps: list[str]) -> int:
    logs = build / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    results = {}
    for step in steps:
        print("==== %s" % step, flush=True)
        began = time.monotonic()
        results[step] = run(step, logs / (step + ".log"))
        print("==== %s: %s after %d s\n" % (step, "passed" if results[step] == 0 else "FAILED", time.monotonic() - began), flush=True)
    failed = [step for step in steps if results[step]]
    for step in steps:
        print("%-18s %s" % (step, "FAILED" if step in failed else "passed"))
    print("%d passed, %d failed" % (len(steps) - len(failed), len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2:]))
