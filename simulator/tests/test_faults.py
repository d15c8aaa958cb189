# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from azure_dr_simulator.gate.faults import FaultBook, FaultError, JobFault, JobFaults, add_fault, describe


def book(*documents: dict[str, Any]) -> tuple[FaultBook, JobFaults]:
    requests, jobs = FaultBook(), JobFaults()
    for document in documents:
        add_fault(document, requests, jobs)
    return requests, jobs


def hits(requests: FaultBook, times: int, method: str = "POST", path: str = "/a/backup") -> list[bool]:
    return [bool(requests.take(method, path, "")) for _ in range(times)]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"match": {}}, [True, False, False, False]),
        ({"match": {"hit": 2}}, [False, True, False, False]),
        ({"match": {"hit": 2}, "times": 2}, [False, True, True, False]),
        ({"match": {"hit": "every"}}, [True, True, True, True]),
        ({"match": {"hit": "every"}, "times": 3}, [True, True, True, False]),
        ({"match": {"method": "post", "path": "/BACKUP$"}}, [True, False, False, False]),
        ({"match": {"method": "GET"}}, [False, False, False, False]),
        ({"match": {"path": "restore"}}, [False, False, False, False]),
    ],
)
def test_which_requests_are_hit(document: dict[str, Any], expected: list[bool]) -> None:
    requests, _ = book({**document, "answer": {"kind": "status", "status": 503}})
    assert hits(requests, 4) == expected


def test_only_matching_requests_count() -> None:
    requests, _ = book({"match": {"path": "backup", "hit": 2}, "answer": {"kind": "reset_after"}})
    assert hits(requests, 3, path="/other") == [False, False, False]
    assert hits(requests, 2) == [False, True]


def test_answer_defaults() -> None:
    requests, _ = book({"answer": {"status": 429, "retry_after": 5}})
    fault = requests.take("GET", "/", "")[0]
    assert (fault.kind, fault.status, fault.code, fault.retry_after) == ("status", 429, "TooManyRequests", 5.0)


def test_job_faults_match_operation_and_vm() -> None:
    _, jobs = book(
        {
            "match": {"operation": "restore", "vm": "^web-01$"},
            "answer": {"kind": "failed_job", "code": "Broken", "message": "It broke."},
        },
        {"match": {"operation": "backup", "hit": "every"}, "answer": {"kind": "stuck_job"}},
    )
    assert jobs.take("Restore", "web-02") is None
    assert jobs.take("Restore", "web-01") == JobFault("failed", "Broken", "It broke.")
    assert jobs.take("Restore", "web-01") is None
    stuck = jobs.take("Backup", "db-01")
    assert stuck is not None and stuck.kind == "stuck"


def test_describe_counts() -> None:
    requests, jobs = book({"match": {"hit": 2}, "answer": {"kind": "malformed"}}, {"answer": {"kind": "stuck_job"}})
    hits(requests, 2)
    assert [(one["seen"], one["fired"], one["spent"]) for one in describe(requests, jobs)] == [
        (2, 1, True),
        (0, 0, False),
    ]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "object"),
        ({"match": "x"}, "match"),
        ({"answer": {"kind": "explode"}}, "explode"),
        ({"match": {"path": "("}}, "match.path"),
        ({"match": {"hit": 0}}, "hit"),
        ({"times": 0}, "times"),
    ],
)
def test_nonsense_is_refused(document: Any, words: str) -> None:
    with pytest.raises(FaultError, match=words):
        book(document)
