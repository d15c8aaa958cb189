# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Request classes, buckets, counters and pauses."""

from __future__ import annotations

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.headers import Headers
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.throttle import Throttle, classify

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, VAULT, FakeClock

ACTION = "x-ms-ratelimit-remaining-subscription-resource-requests"
JOBS = classify("GET", f"{VAULT}/backupJobs")
ITEMS = classify("GET", f"{VAULT}/backupProtectedItems")


@pytest.mark.parametrize(
    ("method", "path", "verb", "action"),
    [
        ("GET", f"{VAULT}/backupJobs", "reads", "microsoft.recoveryservices/vaults/backupjobs/read"),
        ("GET", f"https://arm.test{VAULT}/backupJobs/some-id?api-version=1", "reads", "microsoft.recoveryservices/vaults/backupjobs/read"),
        ("PUT", VAULT, "writes", "microsoft.recoveryservices/vaults/write"),
        ("DELETE", VAULT, "deletes", "microsoft.recoveryservices/vaults/delete"),
        ("POST", f"{VAULT}/backupJobs/j/cancel", "writes", "microsoft.recoveryservices/vaults/backupjobs/cancel/action"),
        ("GET", f"/subscriptions/{SUB}/resourceGroups/g", "reads", "microsoft.resources/subscriptions/resourcegroups/read"),
        ("GET", "/metadata/endpoints", "reads", "microsoft.resources/metadata/read"),
    ],
)
def test_classes(method: str, path: str, verb: str, action: str) -> None:
    kind = classify(method, path)
    assert (kind.verb, kind.action) == (verb, action)
    assert kind.subscription in (SUB, "")


def test_a_bucket_runs_dry_and_refills() -> None:
    clock = FakeClock()
    throttle = Throttle(clock)
    write = classify("PUT", VAULT)
    assert all(throttle.delay(write) == 0 for turn in range(200))
    assert throttle.delay(write) == pytest.approx(0.1)
    assert throttle.delay(JOBS) == 0, "reads have a bucket of their own"
    clock.sleep(0.1)
    assert throttle.delay(write) == 0


def test_headers_correct_the_bucket_both_ways() -> None:
    clock = FakeClock()
    throttle = Throttle(clock)
    throttle.learn(JOBS, Headers({"x-ms-ratelimit-remaining-subscription-reads": "0"}))
    assert throttle.delay(JOBS) > 0
    throttle.learn(JOBS, Headers({"X-MS-RateLimit-Remaining-Subscription-Reads": "11999"}))
    assert all(throttle.delay(JOBS) == 0 for turn in range(1000))
    throttle.learn(JOBS, Headers({"x-ms-ratelimit-remaining-subscription-reads": "many"}))
    assert throttle.delay(JOBS) == 0


def test_the_budget_is_what_azure_said_and_nothing_when_it_said_nothing() -> None:
    throttle = Throttle(FakeClock())
    assert throttle.budget(JOBS) == (None, None, 0.0)
    for left in ("149", "100", "120"):
        throttle.learn(JOBS, Headers({ACTION: left}))
    assert throttle.budget(JOBS) == (120, 149, 0.0)
    assert throttle.budget(ITEMS) == (None, None, 0.0)
    throttle.learn(JOBS, Headers({ACTION: "not a number"}))
    assert throttle.budget(JOBS).remaining == 120


def test_computes_list_of_counters_binds_by_its_smallest() -> None:
    throttle = Throttle(FakeClock())
    kind = classify("GET", f"/subscriptions/{SUB}/providers/Microsoft.Compute/locations/x/operations/y")
    throttle.learn(kind, Headers({"x-ms-ratelimit-remaining-resource": "Microsoft.Compute/GetOperationResource;44,Microsoft.Compute/Other;149"}))
    assert throttle.budget(kind).remaining == 44
    throttle.learn(kind, Headers({"x-ms-ratelimit-remaining-resource": "nonsense"}))
    assert throttle.budget(kind).remaining == 44


def test_a_pause_holds_the_action_and_not_its_neighbours() -> None:
    clock = FakeClock()
    throttle = Throttle(clock)
    throttle.learn(JOBS, Headers({ACTION: "3"}))
    assert throttle.pause(JOBS, 324, code="ResourceRequestsThrottled") == 324
    assert throttle.delay(JOBS) == 324
    assert throttle.budget(JOBS) == (0, 3, 324)
    assert throttle.delay(ITEMS) == 0
    clock.sleep(324)
    assert throttle.delay(JOBS) == 0
    assert throttle.budget(JOBS) == (None, 3, 0.0), "what is left after a pause, nobody knows"


def test_a_later_shorter_pause_does_not_cut_a_longer_one() -> None:
    throttle = Throttle(FakeClock())
    throttle.pause(JOBS, 300)
    throttle.pause(JOBS, 5)
    assert throttle.paused_for(JOBS) == 300


def test_a_pause_of_the_subscription_holds_all_of_its_verb() -> None:
    throttle = Throttle(FakeClock())
    throttle.pause(JOBS, 7, code="SubscriptionRequestsThrottled")
    assert throttle.delay(ITEMS) == 7
    assert throttle.delay(classify("PUT", VAULT)) == 0
    assert throttle.delay(classify("GET", "/subscriptions/other/resourceGroups/g")) == 0


def test_the_action_that_the_message_names_is_held_too() -> None:
    throttle = Throttle(FakeClock())
    operation = classify("GET", f"{VAULT}/backupOperations/x")
    throttle.pause(operation, 9, message="Number of requests for action 'Microsoft.RecoveryServices/vaults/backupJobs/read' exceeded")
    assert throttle.delay(JOBS) == 9
    assert throttle.delay(operation) == 9


def test_a_pause_without_a_word_about_its_length_still_pauses() -> None:
    throttle = Throttle(FakeClock())
    assert throttle.pause(JOBS, None) == throttle.delay(JOBS) == 10


def test_after_a_pause_workers_go_on_one_after_the_other() -> None:
    clock = FakeClock()
    throttle = Throttle(clock)
    throttle.pause(JOBS, 1.5)
    clock.sleep(1.5)
    assert [throttle.delay(JOBS), throttle.delay(JOBS), throttle.paused_for(JOBS)] == [0.0, 1.5, 1.5]
    assert throttle.delay(ITEMS) == 0
    throttle.ease(JOBS)
    clock.sleep(1.5)
    assert throttle.delay(JOBS) == 0
    assert throttle.delay(JOBS) == pytest.approx(1.35), "each answer makes the gap smaller"
    for turn in range(60):
        throttle.ease(JOBS)
    assert [throttle.delay(JOBS) for turn in range(20)] == [0.0] * 20


def test_a_long_pause_makes_no_long_gap() -> None:
    clock = FakeClock()
    throttle = Throttle(clock)
    throttle.pause(JOBS, 3000)
    clock.sleep(3000)
    assert [throttle.delay(JOBS), throttle.delay(JOBS)] == [0.0, 2.0]


def test_collections_are_paused_apart_and_paced_together() -> None:
    clock = FakeClock()
    throttle = Throttle(clock)
    collections = f"/subscriptions/{SUB}/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections"
    one, other = (classify("PUT", f"{collections}/{name}/restorePoints/rp") for name in ("one", "other"))
    throttle.pause(one, 600)
    assert [throttle.delay(one), throttle.delay(other), throttle.delay(other)] == [600, 0.0, 2.0]
