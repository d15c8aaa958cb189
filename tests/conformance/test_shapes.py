# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's answers have the fields and types of the real Azure's, endpoint by endpoint, situation by situation.

A recorded exchange is paired with an answer of the simulator to the same kind of request in the same situation
(harness/situations.py). Where several years recorded one, the newest counts.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Iterator, NoReturn

import pytest
from harness import places, recording
from harness.recording import Exchange
from harness.shapes import body_differences, header_differences
from harness.simulator import Simulator
from harness.situations import covers, kind, known_members, members, situation, year
from harness.tour import Tour

FOLDER = places.traffic()

# Kinds that the simulator does not have.
NOT_SIMULATED = {
    r" locations/\*/publishers/": "images are not simulated",
}
# Situations that the Azure of today, which the simulator behaves as, does not know any more: (kind, situation), and why.
SUPERSEDED = {
    ("DELETE vaults/*", "200"): "since 2025 the DELETE of a vault is a long operation, answered 202",
}
# The oldest API version of each service whose answers the simulator gives; CROSS_REGION is for the answers of the paired region.
OLDEST, OLDEST_CROSS_REGION = "2023-02-01", "2021-11-15"
CROSS_REGION = re.compile(r"backup(crr|aadproperties|crossregion)|/accesstoken$|/$")
OTHER_WORKLOADS = ("AzureWorkload", "AzureStorage", "AzureFileShare", "MAB", "DPM", "AzureBackupServer", "AzureSql", "SQLDataBase", "SAPHana", "VMAppContainer")
# What a user chooses: a recording of somebody's choice can have it where the tour chose something else.
CHOSEN = re.compile(
    r"(^|\.)(tags|identity|zones|encryption|schedulePolicy|retentionPolicy|tieringPolicy|instantRPDetails|snapshotConsistencyType|policyType|"
    r"recoveryPointProperties|extendedProperties|privateEndpointConnections|restoreSettings|recoveryPointRehydrationInfo)($|[.{\[:])"
)
# What a recording has and the simulator need not have: (kind, situation, difference) as patterns, and why.
TOLERATED = [
    (r"GET vaults/\*/backupjobs/\*", "Restore .* Recover disks", r"propertyBag\.Target VM Name: missing", "gone since 2025"),
    (r"GET vaults/\*/backupjobs/\*", "Restore .* Recover disks", r"propertyBag\.Template Blob Uri: missing", "since 2025 'Create VM Template Blob Uri'"),
    (r"GET vaults/\*/backupjobs/\*", "Restore", r"taskExecutionDetails: missing", "only of restores from the vault; the tour's point has a snapshot"),
    (r"GET restorepointcollections/\*", "", r"enableVMAgentPlatformUpdates: missing", "gone since 2025"),
    (r"recoverypoints/\*$", "", r"properties\.threat(Info|Status)", "no source scan is simulated"),
]
ESTATE = Path(__file__).parent / "harness" / "tour-estate.yml"


def _newest() -> Iterator[tuple[str, Exchange]]:
    """Every kind and situation in its newest recordings, each shape once."""
    if FOLDER is None or not FOLDER.is_dir():
        return
    every = [
        (year(exchange, file.parent.relative_to(FOLDER).as_posix()), file.relative_to(FOLDER).with_suffix("").as_posix(), exchange)
        for file in recording.files(FOLDER) for exchange in recording.read_exchanges(file)
    ]
    taken: dict[tuple[str, str], str] = {}
    seen: set[str] = set()
    for when, name, exchange in sorted(every, key=lambda one: one[0], reverse=True):
        about = (kind(exchange), situation(exchange))
        if exchange.broken or taken.setdefault(about, when) != when:
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
    reason = _out_of_scope(recorded)
    if reason:
        pytest.skip(reason)
    same_kind = [exchange for exchange in tour.exchanges if kind(exchange) == about]
    if not same_kind:
        _not_met(f"the tour asks for no {about}")
    alike = _alike(tour, recorded, same_kind)
    if not alike:
        met = sorted({situation(exchange) for exchange in same_kind})
        _not_met(f"{about}: the simulator was never in the situation '{situation(recorded)}', only in {met}")
    version = recorded.params.get("api-version")
    alike = [exchange for exchange in alike if exchange.params.get("api-version") == version] or alike
    best = min((_differences(recorded, exchange) for exchange in alike), key=len)
    if recorded.params.get("api-version", "") >= "2026" or any(counter.endswith("-global-reads") for counter in recorded.headers):
        # Earlier years had other counters.
        best += _missing_counters(tour, recorded)
    assert not best, f"{about} ({situation(recorded)}), API version {version}, best of {len(alike)}:\n" + "\n".join(best)


def _not_met(what: str) -> NoReturn:
    """The tour was made for the recordings beside the checkout: it has to cover them. Of others it may know less, and says so."""
    if places.traffic_is_given():
        pytest.skip(f"not compared: {what}")
    pytest.fail(what)


def _out_of_scope(recorded: Exchange) -> str:
    """Why the simulator need not answer as recorded; empty when it has to."""
    about = kind(recorded)
    for pattern, reason in NOT_SIMULATED.items():
        if re.search(pattern, about):
            return reason
    if (about, situation(recorded)) in SUPERSEDED:
        return SUPERSEDED[about, situation(recorded)]
    oldest = OLDEST_CROSS_REGION if CROSS_REGION.search(recorded.key) else OLDEST
    version = recorded.params.get("api-version", oldest)
    if "/microsoft.recoveryservices/" in recorded.key and version < oldest:
        return f"recorded with API version {version}; the simulator answers as those since {oldest} do"
    told = json.dumps([recorded.request_body, recorded.response_body, recorded.params.get("$filter")])
    other = next((word for word in OTHER_WORKLOADS if word in told or word.lower() + ";" in recorded.key), None)
    return f"about other workloads than virtual machines: {other}" if other and "AzureIaasVM" not in told and "IaaSVM" not in told else ""


def _alike(tour: Tour, recorded: Exchange, same_kind: list[Exchange]) -> list[Exchange]:
    """Our answers in the recorded situation. Of lists, one with the members of all of ours; of errors, any error."""
    alike = [exchange for exchange in same_kind if covers(exchange, recorded)]
    wanted = members(recorded)
    if wanted is not None:
        lists = [exchange for exchange in same_kind if members(exchange) is not None and exchange.status == recorded.status]
        lists = [exchange for exchange in lists if exchange.params.get("api-version") == recorded.params.get("api-version")] or lists
        every = [member for exchange in lists for member in members(exchange) or ()]
        if lists and (known_members(wanted, every) or not wanted):
            return [*alike, replace(lists[-1], response_body={**lists[-1].response_body, "value": every})]
    if alike:
        return alike
    if recorded.status >= 400 and isinstance(recorded.response_body, dict) and "error" in recorded.response_body:
        return [e for e in tour.exchanges if e.status >= 400 and isinstance(e.response_body, dict) and "error" in e.response_body]
    return []


def _comparable(recorded: Exchange, ours: Exchange) -> Exchange:
    """The recorded answer without the members of its list in whose state none of ours is."""
    wanted, had = members(recorded), members(ours)
    if wanted is None or had is None:
        return recorded
    return replace(recorded, response_body={**recorded.response_body, "value": known_members(wanted, had)})


def _differences(recorded: Exchange, ours: Exchange) -> list[str]:
    recorded = _comparable(recorded, ours)
    lines = [*body_differences(recorded.response_body, ours.response_body), *header_differences(recorded, ours)]
    return [line for line in lines if not _tolerated(recorded, line)]


def _missing_counters(tour: Tour, recorded: Exchange) -> list[str]:
    """Which answer of 2026 has a counter, and which one, cannot be foreseen; but the recorded ones do occur."""
    had = {name for exchange in tour.exchanges for name in exchange.headers}
    return [f"header {name}: in no answer" for name in recorded.headers if name.startswith("x-ms-ratelimit-") and name not in had]


def _tolerated(recorded: Exchange, line: str) -> bool:
    where, _colon, what = line.partition(": ")
    if line == "nextLink: missing":
        return True  # How many there are is no matter of shape.
    if places.traffic_is_given() and CHOSEN.search(where) and what.endswith(("missing", "ours null", "ours none", "ours empty ('')")):
        return True
    return any(
        re.search(about, kind(recorded)) and re.search(when, situation(recorded)) and re.search(what, line)
        for about, when, what, _reason in TOLERATED
    )
