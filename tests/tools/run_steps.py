# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the named make targets and sums up: `run_steps.py BUILD STEP... -- STEP... -- STEP...`.

The steps between two dashes are a lane: one after the other. The lanes run side by side, but the last one runs when all others have ended.
Every step runs, also after a failed one. The output of each is kept in BUILD/logs/STEP.log.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What the make target `test` has made already; made again by one lane, it would change under the hands of another.
MADE = ("-o", "venv", "-o", "stage")


def run(step: str, log: Path) -> int:
    """The exit code of one step. Each line of its output begins with its name, since others talk at the same time."""
    with open(log, "w", encoding="utf-8") as file, subprocess.Popen(
        ["make", "--no-print-directory", *MADE, step],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            file.write(line)
            print(f"{step:>15} | {line}", end="", flush=True)
    return process.returncode


def run_lane(steps: list[str], logs: Path) -> dict[str, int]:
    results = {}
    for step in steps:
        began = time.monotonic()
        results[step] = run(step, logs / (step + ".log"))
        print("==== %s: %s after %d s" % (step, "FAILED" if results[step] else "passed", time.monotonic() - began), flush=True)
    return results


def lanes_of(words: list[str]) -> list[list[str]]:
    lanes: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            lanes.append([])
        else:
            lanes[-1].append(word)
    return lanes


def main(build: Path, words: list[str]) -> int:
    logs = build / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    *side_by_side, last = lanes_of(words)
    results: dict[str, int] = {}
    with ThreadPoolExecutor(max_workers=max(1, len(side_by_side))) as pool:
        for found in pool.map(lambda steps: run_lane(steps, logs), side_by_side):
            results.update(found)
    results.update(run_lane(last, logs))
    print()
    for step, status in results.items():
        print("%-18s %s" % (step, "FAILED" if status else "passed"))
    failed = sum(1 for status in results.values() if status)
    print("%d passed, %d failed" % (len(results) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2:]))
