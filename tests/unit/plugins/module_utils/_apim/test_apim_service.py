# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service's resource tells, what its tags tell, and what the activity log tells."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.activity import ask_log, newest_end
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.backups import Backup
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.marks import Mark, State, mark_of, read_mark
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.service import (
    Service,
    check_recoverable,
    client_id_of,
    parse_service,
    service_id,
    wait_until_settled,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OperationFailed, OperationTimeout, OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._tags import LONGEST_VALUE
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._waiting import Waiting
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, FakeClock, Wire, answer, client_for, failure

GROUP = f"/subscriptions/{SUB}/resourceGroups/rg-api/providers"
PATH = f"{GROUP}/Microsoft.ApiManagement/service/apim-prod"
ONE = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id-one"
TWO = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id-two"
NOW = datetime(2026, 7, 27, 12, tzinfo=timezone.utc)


def service(state: str = "Succeeded", sku: str = "Developer", **more: Any) -> Service:
    resource = {"id": PATH, "name": "apim-prod", "location": "West US", "sku": {"name": sku, "capacity": 2}, "properties": {"provisioningState": state}}
    return parse_service({**resource, **more})


def test_a_service_as_azure_tells_of_it() -> None:
    found = service(etag="AAAA", tags={"a": "b"}, identity={"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {ONE: {"clientId": "c-1"}}})
    assert (found.location, found.sku, found.capacity, found.group, found.etag) == ("westus", "Developer", 2, "rg-api", "AAAA")
    assert found.has_system_identity and found.user_identities == {ONE: "c-1"}
    assert found.succeeded and not found.running


def test_a_service_with_nothing_but_nulls() -> None:
    """As recorded: identity and tags are null in older versions."""
    found = service(identity=None, tags=None)
    assert not found.has_system_identity and found.tags == {} and found.user_identities == {}


@pytest.mark.parametrize("odd", [None, "text", 5, [], True])
def test_a_service_in_a_shape_that_nobody_has_seen(odd: Any) -> None:
    """A wait must not end because a member came otherwise than ever."""
    found = parse_service({"id": PATH, "name": None, "location": None, "sku": odd, "identity": odd, "tags": odd, "properties": odd})
    assert (found.name, found.sku, found.provisioning_state, found.tags) == ("apim-prod", "", "", {})
    assert service(identity={"type": "UserAssigned", "userAssignedIdentities": {ONE: odd}}).user_identities == {ONE: ""}


@pytest.mark.parametrize(
    ("state", "sku", "code"),
    [
        ("Succeeded", "Developer", None),
        ("Succeeded", "premium", None),
        ("Updating", "Basic", None),
        ("Activating", "Standard", None),
        ("Succeeded", "Consumption", "UnsupportedTier"),
        ("Succeeded", "BasicV2", "UnsupportedTier"),
        ("Succeeded", "Isolated", "UnsupportedTier"),
        ("Failed", "Basic", "ServiceNotReady"),
        ("Terminating", "Basic", "ServiceNotReady"),
        ("", "Basic", "ServiceNotReady"),
    ],
)
def test_which_services_can_be_backed_up_and_restored(state: str, sku: str, code: str | None) -> None:
    problem = check_recoverable(service(state, sku))
    assert (problem.code if problem else None) == code


@pytest.mark.parametrize("text", ["apim-prod", PATH, PATH.replace("resourceGroups", "resourcegroups"), f" {PATH}/ "])
def test_a_service_by_name_or_id(text: str) -> None:
    assert str(service_id(text, "rg-api", SUB)).lower() == PATH.lower()


@pytest.mark.parametrize("text", ["", "1apim", "apim-", "a" * 51, "a.b", f"{GROUP}/Microsoft.Compute/disks/d", "/subscriptions/x/y"])
def test_what_is_no_service(text: str) -> None:
    with pytest.raises(OptionError):
        service_id(text, "rg-api", SUB)


def identities(*ids: str) -> dict[str, Any]:
    return {"type": "UserAssigned", "userAssignedIdentities": {one: {"clientId": f"c-{one[-3:]}"} for one in ids}}


@pytest.mark.parametrize(
    ("identity", "access", "wanted", "expected"),
    [
        ({"type": "SystemAssigned"}, "system_identity", None, None),
        (None, "key", None, None),
        (identities(ONE), "user_identity", None, "c-one"),
        (identities(ONE, TWO), "user_identity", "ID-TWO", "c-two"),
        (identities(ONE, TWO), "user_identity", TWO.upper(), "c-two"),
        (identities(ONE, TWO), "user_identity", "c-one", "c-one"),
    ],
)
def test_whom_the_storage_account_sees(identity: Any, access: str, wanted: str | None, expected: str | None) -> None:
    assert client_id_of(service(identity=identity), access, wanted) == expected


@pytest.mark.parametrize(
    ("identity", "access", "wanted", "code"),
    [
        (None, "system_identity", None, "IdentityMissing"),
        (identities(ONE), "system_identity", None, "IdentityMissing"),
        ({"type": "SystemAssigned"}, "user_identity", None, "IdentityMissing"),
        (identities(ONE), "user_identity", "id-two", "IdentityMissing"),
        (identities(ONE, TWO), "user_identity", None, "InvalidOption"),
    ],
)
def test_an_identity_that_is_not_there(identity: Any, access: str, wanted: str | None, code: str) -> None:
    with pytest.raises(ArmError) as caught:
        client_id_of(service(identity=identity), access, wanted)
    assert caught.value.code == code


def told(state: str) -> Any:
    return answer(200, {"id": PATH, "name": "apim-prod", "sku": {"name": "Basic"}, "properties": {"provisioningState": state}})


def settle(wire: Wire, seconds: float) -> tuple[Service, list[str]]:
    clock, said = FakeClock(), list[str]()
    waiting = Waiting(True, 30.0, lambda: max(0.0, seconds - clock.passed), lambda done, total, text: said.append(text))
    return wait_until_settled(client_for(wire, clock), service("Updating"), waiting), said


def test_waiting_for_another_operation() -> None:
    found, said = settle(Wire(told("Updating"), told("Succeeded")), 600)
    assert found.succeeded
    assert said == ["apim-prod: Updating"] * 2


def test_a_wait_for_another_operation_that_is_too_long() -> None:
    with pytest.raises(OperationTimeout) as caught:
        settle(Wire(told("Updating"), forever=True), 100)
    assert caught.value.as_failure()["last_state"] == "Updating"
    assert caught.value.as_failure()["resume"] == {"service_id": PATH}


def test_a_service_that_goes_while_it_is_waited_for() -> None:
    with pytest.raises(OperationFailed, match="gone"):
        settle(Wire(failure(404, "ResourceNotFound")), 600)


BACKUP = Backup("apim-prod-1", 7, NOW - timedelta(days=1), "0x8D")


@pytest.mark.parametrize("state", ["restoring", "restored", "failed"])
def test_a_mark_is_read_as_it_was_written(state: State) -> None:
    mark = mark_of(state, "stdr/apim", BACKUP, NOW + timedelta(microseconds=5))
    assert mark.as_tags() == {"lifeboat_backup": "stdr/apim/apim-prod-1", "lifeboat_restore": f"{state} 2026-07-26T12:00:00Z 0x8D 2026-07-27T12:00:00Z"}
    # Azure keeps the case of a tag's name, but need not.
    assert read_mark({name.upper(): value for name, value in mark.as_tags().items()}) == mark


@pytest.mark.parametrize("value", ["", "restored", "restored a b c", "kept - - 2026-07-27T12:00:00Z", "restored - - yesterday"])
def test_tags_that_somebody_else_wrote(value: str) -> None:
    assert read_mark({"lifeboat_backup": "stdr/apim/apim-prod-1", "lifeboat_restore": value}) is None
    assert read_mark({"lifeboat_restore": "restored - - 2026-07-27T12:00:00Z"}) is None


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (BACKUP, True),
        (Backup("apim-prod-1", 9, BACKUP.created, "0x8D"), True),
        (Backup("apim-prod-1"), True),
        (Backup("apim-prod-1", 7, BACKUP.created, "0x8E"), False),
        (Backup("apim-prod-1", 7, NOW), False),
        (Backup("apim-prod-2", 7, BACKUP.created, "0x8D"), False),
        (Backup("APIM-prod-1", 7, BACKUP.created, "0x8D"), False),
    ],
)
def test_which_backups_are_the_same(other: Backup, same: bool) -> None:
    """Blob names have a case, and what could not be looked at goes by its name."""
    assert mark_of("restored", "stdr/apim", BACKUP, NOW).of(mark_of("restoring", "stdr/apim", other, NOW)) is same


def test_a_long_name_fits_into_a_tag() -> None:
    mark = mark_of("restored", "stdr/apim", Backup("folder/" * 60 + "b1", 7, NOW, "0x1"), NOW)
    assert len(mark.backup) == LONGEST_VALUE and mark.backup.endswith("/b1")
    assert all(len(value) <= LONGEST_VALUE for value in mark.as_tags().values())


def entry(status: str, minutes: float = 0, *, request: str = "r1", action: str = "restore") -> dict[str, Any]:
    return {
        "eventTimestamp": (NOW + timedelta(minutes=minutes)).isoformat(),
        "operationName": {"value": f"Microsoft.ApiManagement/service/{action}/action", "localizedValue": "words"},
        "status": {"value": status},
        "correlationId": request,
    }


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], "none"),
        ([entry("Started"), entry("Accepted")], "accepted"),
        ([entry("Succeeded", 40), entry("Accepted")], "succeeded"),
        ([entry("Accepted"), entry("Failed", 40)], "failed"),
        ([entry("Accepted", action="backup"), entry("Succeeded", action="backup")], "none"),
        ([entry("Succeeded", 1)], "none"),
        ([entry("Started"), entry("Failed", 2), entry("Started", 5, request="r2"), entry("Succeeded", 50, request="r2")], "succeeded"),
        ([entry("Started"), entry("Succeeded", 40), entry("Accepted", 50, request="r2")], "accepted"),
        ([{}, {"eventTimestamp": "x", "operationName": None}], "none"),
    ],
)
def test_what_the_activity_log_tells(entries: list[dict[str, Any]], expected: str) -> None:
    assert newest_end(entries, "restore") == expected


@pytest.mark.parametrize(
    ("ago", "reply", "expected"),
    [
        (timedelta(minutes=5), answer(200, {"value": []}), "late"),
        (timedelta(minutes=21), answer(200, {"value": []}), "none"),
        (timedelta(minutes=21), failure(403, "AuthorizationFailed"), "unknown"),
        (timedelta(days=90), None, "unknown"),
    ],
)
def test_a_log_that_tells_nothing(ago: timedelta, reply: Any, expected: str) -> None:
    clock = FakeClock()
    wire = Wire(*([reply] if reply else []))
    assert ask_log(client_for(wire, clock), service(), "restore", clock.now() - ago) == expected


def test_the_log_is_asked_for_the_service_alone() -> None:
    clock = FakeClock()
    wire = Wire(answer(200, {"value": []}))
    ask_log(client_for(wire, clock), service(), "restore", clock.now() - timedelta(hours=1))
    assert "eventtypes/management/values?api-version=2015-04-01" in wire.sent[0].url
    assert "resourceUri%20eq%20" in wire.sent[0].url and "apim-prod" in wire.sent[0].url


def test_a_mark_needs_all_of_its_words() -> None:
    assert read_mark({}) is None
    assert isinstance(read_mark(mark_of("failed", "stdr/apim", Backup("b"), NOW).as_tags()), Mark)
