# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot logs: looked through until the text is there; neither the log nor the URL that opens it gets out."""

from __future__ import annotations

import re

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.redact import redact
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.boot_logs import LogCheck, LogOutcome, LogReader, compile_pattern, wait_for_logs
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, FakeClock, client_for, failure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.fake_machines import LOGS, SIGNATURE, FakeMachines, vm

LOG = "Started kernel\nsecret of the machine\nweb login: "


def wait(azure: FakeMachines, *checks: LogCheck, interval: float = 15.0) -> list[LogOutcome]:
    clock = FakeClock()
    return wait_for_logs(client_for(azure, clock, read_only=True), checks, clock, interval)  # type: ignore[arg-type]


def check(name: str, contains: str = "login:", timeout: float = 60.0, matches: str = "") -> LogCheck:
    return LogCheck(vm(name), contains, re.compile(matches, re.MULTILINE) if matches else None, timeout)


def azure_with(**logs: list[str | None]) -> FakeMachines:
    azure = FakeMachines()
    azure.logs.update(logs)
    return azure


def test_a_log_is_looked_at_until_the_text_is_there() -> None:
    (found,) = wait(azure_with(web=[None, "", "Started kernel", LOG]), check("web"))
    assert (found.ok, found.attempts, found.seconds, found.message) == (True, 4, 45.0, "The boot log has the text 'login:'.")


def test_each_has_its_own_time_and_all_are_looked_at_together() -> None:
    azure = azure_with(web=[LOG], dead=["Started kernel\nPanic"], late=[None])
    web, dead, late = wait(azure, check("web"), check("dead", timeout=20), check("late", timeout=40))
    assert web.ok and (dead.attempts, late.attempts) == (2, 3)
    assert dead.message == "The boot log (2 lines) does not have the text 'login:'." and late.message == "The boot log is empty."


def test_a_pattern_matches_at_lines() -> None:
    found = wait(azure_with(web=[LOG]), check("web", "", matches="^web login: $"), check("web", "", timeout=0, matches="^login"))
    assert [(one.ok, one.message) for one in found] == [
        (True, "The boot log has a match of '^web login: $'."),
        (False, "The boot log (3 lines) does not have a match of '^login'."),
    ]


def test_what_is_no_pattern() -> None:
    with pytest.raises(OptionError) as caught:
        compile_pattern("(", "boot_log[0].matches")
    assert caught.value.option == "boot_log[0].matches"


def test_a_refusal_that_is_known_beforehand_asks_for_nothing() -> None:
    azure = azure_with(web=[LOG])
    refusal = ArmError("Boot diagnostics are not enabled for web.", code="BootDiagnosticsNotEnabled")
    (found,) = wait(azure, LogCheck(vm("web"), "login:", None, 60.0, refusal))
    assert not found.ok and azure.sent == [] and found.failure is not None and found.failure["code"] == "BootDiagnosticsNotEnabled"


def test_a_refusal_by_azure_is_told_and_tried_again() -> None:
    azure = azure_with(web=[LOG])
    azure.answers[f"/subscriptions/{SUB}/resourcegroups/rg-dr".lower()] = failure(409, "OperationNotAllowed", "not now")
    (found,) = wait(azure, check("web", timeout=20))
    assert (found.ok, found.attempts, found.message) == (False, 2, "The boot log cannot be read: not now")
    assert found.failure is not None and found.failure["code"] == "OperationNotAllowed"


def test_the_url_opens_the_log_alone_and_is_never_shown() -> None:
    azure = azure_with(web=[LOG])
    assert LogReader(client_for(azure)).read(vm("web")) == LOG  # type: ignore[arg-type]
    asked, opened = azure.sent
    assert asked.method == "POST" and "sasUriExpirationTimeInMinutes=60" in asked.url
    assert opened.url == f"{LOGS}/md-1/web?sv=1&sig={SIGNATURE}" and "authorization" not in {name.lower() for name in opened.headers}
    assert SIGNATURE not in redact(f"GET {opened.url} failed")


def test_a_refused_url_is_a_failure_without_it() -> None:
    azure = azure_with(web=[LOG])
    azure.answers["/md-1/"] = failure(403, "AuthenticationFailed", f"Signature {SIGNATURE} did not match")
    with pytest.raises(ArmError) as caught:
        LogReader(client_for(azure)).read(vm("web"))  # type: ignore[arg-type]
    assert SIGNATURE not in str(caught.value) and caught.value.status == 403


@pytest.mark.parametrize("uri", ["http://logs.blob.test/web?sig=x", "https://me:pw@logs.blob.test/web?sig=x"])
def test_an_address_that_is_not_safe_is_not_opened(uri: str) -> None:
    azure = azure_with(web=[LOG])
    azure.uris["web"] = uri
    with pytest.raises(ArmError):
        LogReader(client_for(azure)).read(vm("web"))  # type: ignore[arg-type]
    assert len(azure.sent) == 1


def test_looking_again_asks_resource_manager_for_nothing_as_long_as_the_url_is_good() -> None:
    azure = azure_with(web=["a", "b", "c", LOG])
    reader = LogReader(client_for(azure))  # type: ignore[arg-type]
    assert [reader.read(vm("web")) for _look in range(2)] == ["a", "b"]
    assert [sent.method for sent in azure.sent] == ["POST", "GET", "GET"]
    azure.answers["/md-1/"] = failure(403, "AuthenticationFailed")
    azure.uris["web"] = f"{LOGS}/md-2/web?sig=other-signature"
    assert reader.read(vm("web")) == "c" and [sent.method for sent in azure.sent][3:] == ["GET", "POST", "GET"]


def test_nothing_of_a_log_is_in_the_result() -> None:
    (found,) = wait(azure_with(web=[LOG]), check("web", "nothing", timeout=0))
    assert "secret of the machine" not in str(found.as_result())
