# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from azure_dr_simulator.gate.throttle import Throttle
from azure_dr_simulator.clock import Clock
from azure_dr_simulator.gate.actions import action_of
from azure_dr_simulator.replies import AzureError

SUB = "/subscriptions/00000000-0000-0000-0000-000000000001"
VAULT = f"{SUB}/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v"
JOBS = action_of("GET", f"{VAULT}/backupJobs")
ITEMS = action_of("GET", f"{VAULT}/backupProtectedItems")
COUNTER = "x-ms-ratelimit-remaining-subscription-resource-requests"


class StillClock(Clock):
    """Moves only when told to."""

    def elapsed(self) -> float:
        return self._advanced


def take(throttle: Throttle, times: int, action=JOBS) -> list[dict[str, str]]:  # type: ignore[no-untyped-def]
    return [throttle.take(action) for _ in range(times)]


def test_2023_counts_job_reads_per_hour() -> None:
    clock = StillClock()
    throttle = Throttle("2023", clock)
    answers = take(throttle, 150)
    assert (answers[0][COUNTER], answers[-1][COUNTER]) == ("149", "0")
    clock.advance(3276)
    with pytest.raises(AzureError) as refused:
        throttle.take(action_of("GET", f"{VAULT}/backupJobs/1"))
    assert (refused.value.status, refused.value.code) == (429, "ResourceRequestsThrottled")
    assert refused.value.message == (
        "Number of requests for action 'Microsoft.RecoveryServices/vaults/backupJobs/read' exceeded the limit of '150' for time "
        "interval '01:00:00'. Please try again after '324' seconds."
    )
    assert refused.value.headers["Retry-After"] == "324"
    assert throttle.take(ITEMS)[COUNTER] == "299"
    clock.advance(324)
    assert throttle.take(JOBS)[COUNTER] == "149"


def test_api_management_has_a_counter_of_its_own() -> None:
    service = f"{SUB}/resourceGroups/rg/providers/Microsoft.ApiManagement/service/s"
    old, new = Throttle("2023", StillClock()), Throttle("2026", StillClock())
    assert old.take(action_of("GET", service)) == {COUNTER: "23999"}
    assert COUNTER not in old.take(action_of("PUT", service))
    assert COUNTER not in new.take(action_of("GET", service))


def test_waiting_as_told_is_enough_at_any_speed() -> None:
    clock = StillClock(speed=60)
    throttle = Throttle("2023", clock)
    take(throttle, 150)
    with pytest.raises(AzureError) as refused:
        throttle.take(JOBS)
    assert refused.value.headers == {
        "Retry-After": "60",
        "x-ms-retry-after-ms": "60000",
        "x-ms-failure-cause": "gateway",
    }
    clock.advance(60 * 60)
    assert throttle.take(JOBS)[COUNTER] == "149"


def test_2023_other_classes() -> None:
    throttle = Throttle("2023", StillClock())
    assert throttle.take(action_of("PUT", VAULT))[COUNTER] == "299"
    assert throttle.take(action_of("DELETE", VAULT))[COUNTER] == "49"
    item = f"{VAULT}/backupFabrics/Azure/protectionContainers/c/protectedItems/i"
    assert throttle.take(action_of("PUT", item)) == {"x-ms-ratelimit-remaining-subscription-writes": "1199"}
    assert throttle.take(action_of("POST", f"{item}/backup")) == {
        "x-ms-ratelimit-remaining-subscription-writes": "1198"
    }
    assert throttle.take(action_of("DELETE", item)) == {"x-ms-ratelimit-remaining-subscription-deletes": "14999"}
    assert throttle.take(action_of("GET", SUB)) == {"x-ms-ratelimit-remaining-subscription-reads": "11999"}


def test_2026_refills() -> None:
    clock = StillClock()
    throttle = Throttle("2026", clock)
    take(throttle, 250)
    with pytest.raises(AzureError) as refused:
        throttle.take(JOBS)
    assert refused.value.status == 429
    clock.advance(float(refused.value.headers["Retry-After"]))
    throttle.take(JOBS)
    clock.advance(3600)
    assert [answer[COUNTER] for answer in take(throttle, 4) if COUNTER in answer][0] in ("249", "248")


def test_2026_answers_differ_in_their_counters() -> None:
    answers = take(Throttle("2026", StillClock()), 4)
    assert {answer.get("x-ms-throttling-version") for answer in answers} == {"v1", "v2"}
    assert any(COUNTER in answer for answer in answers)
    assert any(set(answer) == {"x-ms-throttling-version"} for answer in answers)


def test_2026_writes() -> None:
    throttle = Throttle("2026", StillClock())
    assert throttle.take(action_of("PUT", f"{SUB}/resourceGroups/rg")) == {
        "x-ms-ratelimit-remaining-subscription-writes": "799",
        "x-ms-ratelimit-remaining-subscription-global-writes": "11999",
    }
    with pytest.raises(AzureError) as refused:
        take(throttle, 801, action_of("PUT", f"{SUB}/resourceGroups/rg"))
    assert refused.value.code == "SubscriptionRequestsThrottled"


def test_subscriptions_do_not_share() -> None:
    throttle = Throttle("2023", StillClock())
    take(throttle, 150)
    other = action_of("GET", VAULT.replace("0001", "0002") + "/backupJobs")
    assert throttle.take(other)[COUNTER] == "149"


def test_off_never_refuses() -> None:
    assert take(Throttle("off", StillClock()), 2000)[-1] == {}
