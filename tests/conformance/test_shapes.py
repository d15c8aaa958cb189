# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's answers have the fields and types of the real Azure's, endpoint by endpoint, situation by situation.

A recorded exchange is paired with an answer of the simulator to the same kind of request in the same situation
(harness/situations.py). Where several years recorded one, the newest counts.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator

import pytest
from harness import places, recording
from harness.recording import Exchange
from harness.shapes import body_differences, header_differences
from harness.simulator import Simulator
from harness.situations import covers, kind, situation, year
from harness.tour import Tour

FOLDER = places.traffic()

# Kinds that the simulator does not have.
NOT_SIMULATED = {
    r" restorepointcollections": "VM restore points are not simulated yet",
    r" locations/\*/operations/\*": "operations of Compute: VM restore points are not simulated yet",
    r" locations/\*/publishers/": "images are not simulated",
    r" service/": "API Management is not simulated yet",
}
# Situations that the Azure of today, which the simulator behaves as, does not know any more: (kind, situation), and why.
SUPERSEDED = {
    ("DELETE vaults/*", "200"): "since 2025 the DELETE of a vault is a long operation, answered 202",
}
# What a recording has and the simulator need not have: (kind, situation, difference) as patterns, and why.
TOLERATED = [
    (r"GET vaults/\*/backupjobs/\*", "Restore .* Recover disks", r"propertyBag\.Target VM Name: missing", "gone since 2025"),
    (r"GET vaults/\*/backupjobs/\*", "Restore .* Recover disks", r"propertyBag\.Template Blob Uri: missing", "since 2025 'Create VM Template Blob Uri'"),
    (r"recoverypoints/\*$", "", r"properties\.threat(Info|Status)", "no source scan is simulated"),
]
ESTATE = Path(__file__).parent / "harness" / "tour-estate.yml"


def _newest() -> Iterator[tuple[str, Exchange]]:
    """Every kind and situation in its newest recordings, each shape once."""
    if FOLDER is None or not FOLDER.is_dir():
        return
    taken: dict[tuple[str, str], str] = {}
    seen: set[str] = set()
    for file in sorted(recording.files(FOLDER), key=lambda file: year(file.parent.name), reverse=True):
        when, name = year(file.parent.name), file.relative_to(FOLDER).with_suffix("").as_posix()
        for exchange in recording.read_exchanges(file):
            about = (kind(exchange), situation(exchange))
            if taken.setdefault(about, when) != when or exchange.broken:
                continue
            shape = f"{about} {sorted(body_differences(exchange.response_body, {}))} {sorted(exchange.headers)}"
            if exchange.index and shape in seen:
                continue
            seen.add(shape)
            yield (f"{name}#{exchange.index}" if exchange.index else name), exchange


CASES = [pytest.param(name, exchange, id=name) for name, exchange in _newest()]


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    sim = Simulator(tmp_path_factory.mktemp("tour"), speed=1, throttle="2026", estate=ESTATE)
    try:
        tour = Tour(sim)
        tour.run()
        yield tour
    finally:
        sim.stop()


@pytest.mark.skipif(FOLDER is None, reason=places.NO_TRAFFIC)
def test_the_tour_gets_everywhere(tour: Tour) -> None:
    assert tour.problems == []


@pytest.mark.skipif(FOLDER is None, reason=places.NO_TRAFFIC)
@pytest.mark.parametrize(("name", "recorded"), CASES)
def test_shape(tour: Tour, name: str, recorded: Exchange) -> None:
    about = kind(recorded)
    for pattern, reason in NOT_SIMULATED.items():
        if re.search(pattern, about):
            pytest.skip(reason)
    if (about, situation(recorded)) in SUPERSEDED:
        pytest.skip(SUPERSEDED[about, situation(recorded)])
    same_kind = [exchange for exchange in tour.exchanges if kind(exchange) == about]
    assert same_kind, f"the tour asks for no {about}"
    alike = [exchange for exchange in same_kind if covers(exchange, recorded)]
    met = sorted({situation(exchange) for exchange in same_kind})
    assert alike, f"{about}: the simulator was never in the situation '{situation(recorded)}', only in {met}"
    version = recorded.params.get("api-version")
    alike = [exchange for exchange in alike if exchange.params.get("api-version") == version] or alike
    best = min((_differences(recorded, exchange) for exchange in alike), key=len)
    if recorded.params.get("api-version", "") >= "2026" or any(counter.endswith("-global-reads") for counter in recorded.headers):
        # Earlier years had other counters.
        best += _missing_counters(tour, recorded)
    assert not best, f"{about} ({situation(recorded)}), API version {version}, best of {len(alike)}:\n" + "\n".join(best)


def _differences(recorded: Exchange, ours: Exchange) -> list[str]:
    lines = [*body_differences(recorded.response_body, ours.response_body), *header_differences(recorded, ours)]
    return [line for line in lines if not _tolerated(recorded, line)]


def _missing_counters(tour: Tour, recorded: Exchange) -> list[str]:
    """Which answer of 2026 has a counter, and which one, cannot be foreseen; but the recorded ones do occur."""
    had = {name for exchange in tour.exchanges for name in exchange.headers}
    return [f"header {name}: in no answer" for name in recorded.headers if name.startswith("x-ms-ratelimit-") and name not in had]


def _tolerated(recorded: Exchange, line: str) -> bool:
    return any(
        re.search(about, kind(recorded)) and re.search(when, situation(recorded)) and re.search(what, line)
        for about, when, what, _reason in TOLERATED
    )
