# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores from the paired region: the seven steps, the secret in them, and following jobs that only POSTs tell of."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Iterator

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import Response
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, HttpError, OperationTimeout
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.headers import Headers
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.poller import Operation
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.redact import redact
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.cross_region import PAIRED_REGION, SecondaryStamp, paired_region
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.recovery_points import RecoveryPoint
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.restore_stamps import Order, VaultFacts
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import VaultChoice
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.watcher import Watch
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import ARM, SUB, VAULT_A, Clock, item_of, vm

LOCATION = f"/subscriptions/{SUB}/providers/Microsoft.RecoveryServices/locations/southeastasia"
ITEM = f"{VAULT_A.path}/backupFabrics/Azure/protectionContainers/c/protectedItems/i"
SECRET = "eyJ0eXAiOiJKV1QifQ.c2VjcmV0LW9mLXRoZS1kcmlsbA.c2lnbmF0dXJl"
EXTENDED = "extended-and-secret-0001"
ALLOWED = VaultFacts(VAULT_A, "eastasia", True, None)


class PairedRegion:
    """What the paired region answers. `jobs` by name: the statuses told, one a read; the last one stays."""

    def __init__(self, **jobs: list[Any]) -> None:
        self.cloud = SimpleNamespace(arm_url=ARM)
        self.clock = Clock()
        self.hints: dict[str, str] = {}
        self.jobs = jobs
        self.sent: list[tuple[str, str, str, Any]] = []
        self.items: list[dict[str, Any]] = []
        self.storage_config: dict[str, Any] | None = None
        self.vault_answer: Any = {"location": "East Asia", "properties": {"redundancySettings": {"crossRegionRestore": "Enabled"}}}

    def _log(self, verb: str, path: str, api: Any, body: Any = None) -> None:
        self.sent.append((verb, path, api.version if api else "", body))

    def get(self, path: str, api: Any, *, params: Any = None) -> Response:
        self._log("GET", path, api)
        if path.endswith("/backupAadProperties"):
            return self._response({"properties": {"tenantId": "t", "audience": "a", "servicePrincipalObjectId": "p"}})
        if path == VAULT_A.path:
            if isinstance(self.vault_answer, ArmError):
                raise self.vault_answer
            return self._response(self.vault_answer)
        raise AssertionError(path)

    def get_once(self, path: str, api: Any = None, *, params: Any = None) -> Response:
        self._log("GET", path, api)
        if "backupCrrOperationsStatus" not in path:
            raise AssertionError(path)
        if "&t=" in path:
            raise HttpError("signature", status=404, code="NotFound")
        return self._response({"status": "Succeeded", "properties": {"jobId": "job-1"}})

    def find(self, path: str, api: Any, *, params: Any = None) -> Any:
        self._log("GET", path, api)
        return self.storage_config

    def list(self, path: str, api: Any, *, params: Any = None) -> Iterator[dict[str, Any]]:
        self._log("LIST", path, api)
        return iter(self.items if "backupProtectedItems" in path else [{"name": "100000000000001", "id": "/p", "properties": {}}])

    def query(self, path: str, api: Any, body: Any = None, *, params: Any = None) -> Response:
        self._log("QUERY", path, api, body)
        if path.endswith("/accessToken"):
            token = {"objectType": "CrrAccessToken", "accessTokenString": SECRET, "tokenExtendedInformation": EXTENDED, "recoveryPointId": "1"}
            return self._response({"properties": token})
        states = self.jobs[body["jobName"]]
        state = states.pop(0) if len(states) > 1 else states[0]
        if isinstance(state, ArmError):
            raise state
        return self._response(job(body["jobName"], state, bag=True))

    def query_list(self, path: str, api: Any, body: Any = None, *, params: Any = None) -> Iterator[dict[str, Any]]:
        self._log("QUERY", path, api, body)
        found = []
        for name, states in self.jobs.items():
            found.append(job(name, states.pop(0) if len(states) > 1 else states[0]))
        return iter(found)

    def post(self, path: str, api: Any, body: Any = None) -> Response:
        self._log("POST", path, api, body)
        headers = {"Azure-AsyncOperation": f"{ARM}{LOCATION}/backupCrrOperationsStatus/YWJj=?api-version=2021-11-15&t=1&c=2"}
        return Response(202, Headers(headers), None, None, "POST", path)

    def _response(self, body: Any) -> Response:
        return Response(200, Headers({}), body, None, "GET", "/")


def job(name: str, status: str, bag: bool = False) -> dict[str, Any]:
    properties: dict[str, Any] = {"operation": "CrossRegionRestore", "status": status, "containerName": "iaasvmcontainerv2;rg-prod;web-01"}
    if status == "Failed":
        properties["errorDetails"] = [{"errorCode": 400001, "errorTitle": "UserErrorSkuNotAvailable", "errorString": "No such size."}]
    if bag:
        properties["extendedInfo"] = {"propertyBag": {"Job Type": "Recover disks"}}
    return {"id": f"{LOCATION}/backupJobs/{name}", "name": name, "properties": properties}


def stamp_of(azure: PairedRegion, region: str | None = None) -> SecondaryStamp:
    stamp = SecondaryStamp(azure, region)  # type: ignore[arg-type]
    stamp.region(ALLOWED)
    return stamp


def watch(name: str | None, key: str = "", operation: Operation | None = None) -> Watch:
    return Watch(key or name or "k", VAULT_A, name, "CrossRegionRestore", vm(), arm_operation=operation)


def test_the_steps_and_their_addresses() -> None:
    azure = PairedRegion()
    azure.items = [item_of(vm())]
    stamp = stamp_of(azure)
    assert list(stamp.items(VAULT_A) or {}) == [vm().key]
    assert [point.name for point in stamp.points(ITEM)] == ["100000000000001"]
    operation = stamp.send(Order(VAULT_A, ITEM, RecoveryPoint("100000000000001", "/p", None, "", ()), {"region": "southeastasia"}))
    assert operation is not None and operation.id == "YWJj="
    assert [(verb, path) for verb, path, _version, _body in azure.sent] == [
        ("LIST", f"{VAULT_A.path}/backupProtectedItems/"),
        ("LIST", f"{ITEM}/recoveryPoints/"),
        ("GET", f"{LOCATION}/backupAadProperties"),
        ("QUERY", f"{ITEM}/recoveryPoints/100000000000001/accessToken"),
        ("POST", f"{LOCATION}/backupCrossRegionRestore"),
    ]
    assert {version for _verb, _path, version, _body in azure.sent} == {"2021-11-15"}
    assert azure.sent[3][3] == {"properties": {"tenantId": "t", "audience": "a", "servicePrincipalObjectId": "p"}}
    assert azure.sent[4][3]["restoreRequest"] == {"region": "southeastasia"}
    assert azure.sent[4][3]["crossRegionRestoreAccessDetails"]["accessTokenString"] == SECRET, "the details are sent as they came"


def test_the_secrets_never_come_out_again() -> None:
    stamp = stamp_of(PairedRegion())
    stamp.send(Order(VAULT_A, ITEM, RecoveryPoint("1", "/p", None, "", ()), {}))
    shown = redact(f"{SECRET} {EXTENDED} https://x/{SECRET}")
    assert SECRET not in shown and EXTENDED not in shown


@pytest.mark.parametrize(
    ("told", "config", "allowed"),
    [
        (True, None, True),
        (False, {"properties": {"crossRegionRestoreFlag": True}}, False),
        (None, {"properties": {"crossRegionRestoreFlag": True}}, True),
        (None, {"properties": {"crossRegionRestoreFlag": False}}, False),
        (None, None, False),
    ],
)
def test_the_vault_must_allow_it(told: bool | None, config: dict[str, Any] | None, allowed: bool) -> None:
    azure = PairedRegion()
    azure.storage_config = config
    stamp = SecondaryStamp(azure, None)  # type: ignore[arg-type]
    facts = VaultFacts(VAULT_A, "eastasia", told, None)
    if allowed:
        assert stamp.region(facts) == "southeastasia"
    else:
        with pytest.raises(ArmError) as caught:
            stamp.region(facts)
        assert caught.value.code == "CrossRegionRestoreDisabled" and caught.value.hint


def test_the_table_of_pairs() -> None:
    assert paired_region("eastasia") == "southeastasia" and paired_region("southeastasia") == "eastasia"
    assert paired_region("brazilsouth") == "southcentralus" and PAIRED_REGION["southcentralus"] == "northcentralus"
    with pytest.raises(ArmError, match="secondary_region"):
        paired_region("moonbase1")
    assert stamp_of(PairedRegion(), "moonbase2").region(VaultFacts(VAULT_A, "moonbase1", True, None)) == "moonbase2"


def test_with_its_region_down_the_vault_need_not_answer() -> None:
    azure = PairedRegion()
    azure.vault_answer = HttpError("down", status=503, code="ServiceUnavailable")
    with pytest.raises(HttpError):
        stamp_of(azure).facts(VAULT_A)
    stamp = stamp_of(azure, "southeastasia")
    assert stamp.region(stamp.facts(VAULT_A)) == "southeastasia"
    azure.vault_answer = HttpError("no", status=403, code="AuthorizationFailed")
    with pytest.raises(HttpError):
        stamp.facts(VAULT_A)


def test_a_named_vault_is_not_searched_for() -> None:
    azure = PairedRegion()
    located = stamp_of(azure).locate([vm()], VaultChoice(ref=VAULT_A, name=VAULT_A.name))
    assert located[vm().key].vault == VAULT_A and azure.sent == []


def test_following_few_jobs() -> None:
    azure = PairedRegion(a=["InProgress", HttpError("later", status=503, code="X"), "Completed"], b=["InProgress", "Failed"])
    found = stamp_of(azure).follow([watch("a"), watch("b")], timeout=600, interval=30)
    assert found["a"].succeeded and found["a"].job is not None and found["a"].job.bag["Job Type"] == "Recover disks"
    assert found["b"].error is not None and found["b"].error.code == "UserErrorSkuNotAvailable"
    assert azure.clock.seconds == 60


def test_following_many_jobs_by_lists() -> None:
    names = [f"j{number}" for number in range(10)]
    azure = PairedRegion(**{name: ["InProgress", "InProgress", "Completed"] for name in names})
    found = stamp_of(azure).follow([watch(name) for name in names], timeout=600, interval=30)
    assert all(outcome.succeeded and outcome.job and outcome.job.detailed for outcome in found.values())
    lists = [path for _verb, path, _version, _body in azure.sent if path.endswith("/backupCrrJobs")]
    singles = [path for _verb, path, _version, _body in azure.sent if path.endswith("/backupCrrJob")]
    assert len(lists) == 3 and len(singles) == len(names), "one list a look, and each end by itself"


def test_the_job_of_an_operation_whose_signed_address_is_unknown() -> None:
    azure = PairedRegion(**{"job-1": ["Completed"]})
    url = f"{ARM}{LOCATION}/backupCrrOperationsStatus/YWJj=?api-version=2021-11-15&t=1"
    operation = Operation("YWJj=", url, "async", None, "POST", "/x", 60.0)
    found = stamp_of(azure).follow([watch(None, "k", operation)], timeout=60, interval=5)
    assert found["k"].succeeded and found["k"].job_id == "job-1"
    assert any(path.endswith("/backupCrrOperationsStatus/YWJj%3D") for _verb, path, _version, _body in azure.sent)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_what_will_not_get_better_is_not_waited_for(status: int) -> None:
    azure = PairedRegion(a=[HttpError("no", status=status, code="Refused")])
    found = stamp_of(azure).follow([watch("a")], timeout=600, interval=30)
    assert found["a"].error is not None and found["a"].error.code == "Refused" and azure.clock.seconds == 0


def test_a_timeout_tells_how_to_go_on() -> None:
    azure = PairedRegion(a=["InProgress"])
    found = stamp_of(azure).follow([watch("a")], timeout=90, interval=30)
    error = found["a"].error
    assert isinstance(error, OperationTimeout) and error.resume == {"job_id": "a"} and error.last_state == "InProgress"
    assert azure.clock.now() == azure.clock.start + timedelta(seconds=90)
