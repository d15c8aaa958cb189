# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The serial console's log of VMs, as boot diagnostics keep it: looked through for a text, and never handed out.

The URL that Azure gives for it is signed: whoever has it reads the log. It goes to the storage it names, without a token, and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Mapping, Sequence
from urllib.parse import urlsplit

from .._apis import COMPUTE
from .._arm.calls import Call
from .._arm.client import ArmClient
from .._arm.clock import Clock
from .._arm.envelope import Envelope
from .._arm.errors import ArmError, OptionError, RefusedUrl
from .._arm.redact import keep_secret
from .._arm.retry import RetryPolicy
from .._arm.throttle import RequestClass
from .._fleet import Vm, run_each
from .._progress import Tell, quiet
from .names import vm_path
from .shapes import member, text

MINUTES_SIGNED = 60
"""How long a URL opens the log. It is used at once, and Azure signs for two hours when not asked."""
PATIENCE = RetryPolicy(attempts=2, patience=15.0, throttle_patience=60.0, longest=5.0)


@dataclass(frozen=True)
class LogCheck:
    """A text, or a pattern, that the log of a VM is to have within so many seconds."""

    vm: Vm
    contains: str
    matches: re.Pattern[str] | None
    timeout: float
    refusal: ArmError | None = None
    """Why there is no log to look at, when that is known beforehand."""

    def fits(self, log: str) -> bool:
        return self.matches.search(log) is not None if self.matches else self.contains in log

    @property
    def wanted(self) -> str:
        return f"a match of {self.matches.pattern[:80]!r}" if self.matches else f"the text {self.contains[:80]!r}"


@dataclass
class LogOutcome:
    """How a check ended. ``seconds`` count from the start, which is the same for all."""

    check: LogCheck
    started: datetime
    ok: bool = False
    message: str = ""
    attempts: int = 0
    finished: datetime | None = None
    seconds: float = 0.0
    failure: dict[str, Any] | None = None

    def as_result(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": self.check.vm.id, "name": self.check.vm.name, "ok": self.ok, "message": self.message, "attempts": self.attempts}
        return {**entry, **({"failure": self.failure} if self.failure else {})}


def compile_pattern(pattern: str, option: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.MULTILINE)
    except re.error as problem:
        raise OptionError(option, f"{pattern[:80]!r} is not a regular expression of Python: {problem}") from None


def no_boot_diagnostics(vm: Vm) -> ArmError:
    return ArmError(
        f"Boot diagnostics are not enabled for {vm.name}.",
        code="BootDiagnosticsNotEnabled",
        target=vm.id,
        hint="Enable them (az vm boot-diagnostics enable), or leave this check out.",
    )


def wait_for_logs(client: ArmClient, checks: Sequence[LogCheck], clock: Clock, interval: float, tell: Tell = quiet) -> list[LogOutcome]:
    """All checks at once, each until its log has what it is to have, or its time is over."""
    began, now = clock.monotonic(), clock.now()
    reader = LogReader(client)
    outcomes = [LogOutcome(check, now) for check in checks]
    for outcome in outcomes:
        if outcome.check.refusal is not None:
            _judge(outcome, None, outcome.check.refusal)
            outcome.finished = now
    open_ = [outcome for outcome in outcomes if outcome.check.refusal is None]
    while open_:
        for looked in run_each(open_, lambda outcome: reader.read(outcome.check.vm)):
            _judge(looked.item, looked.value, looked.error)
            looked.item.seconds, looked.item.finished = clock.monotonic() - began, clock.now()
        elapsed = clock.monotonic() - began
        open_ = [outcome for outcome in open_ if not outcome.ok and elapsed + interval <= outcome.check.timeout]
        tell(len(outcomes) - len(open_), len(outcomes), f"{open_[0].check.vm.name}: {open_[0].message}" if open_ else "")
        if open_:
            clock.sleep(interval)
    return outcomes


def _judge(outcome: LogOutcome, log: str | None, error: ArmError | None) -> None:
    check = outcome.check
    outcome.attempts += 1
    outcome.failure = error.as_failure() if error else None
    if error is not None:
        outcome.message = f"The boot log cannot be read: {error.message}"
    elif not log:
        outcome.message = "The boot log is empty."
    elif check.fits(log):
        outcome.ok, outcome.message = True, f"The boot log has {check.wanted}."
    else:
        outcome.message = f"The boot log ({len(log.splitlines())} lines) does not have {check.wanted}."


class LogReader:
    """Reads logs. A URL is asked for once and used as long as it opens the log: looking again costs Resource Manager nothing."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._uris: dict[str, str] = {}
        self._blobs = client.sender(_SignedBlob(), _NoTokens(), policy=PATIENCE, hints={})

    def read(self, vm: Vm) -> str:
        """The log as it is now; empty when there is none yet. Raises ArmError."""
        uri = self._uris.get(vm.key)
        if uri is not None:
            try:
                return self._open(vm, uri)
            except ArmError as error:
                if error.status != 403:
                    raise
                # Its time may be over.
        uri = self._ask(vm)
        if uri is None:
            return ""
        self._uris[vm.key] = uri
        return self._open(vm, uri)

    def _ask(self, vm: Vm) -> str | None:
        path = f"{vm_path(vm)}/retrieveBootDiagnosticsData"
        answer = self._client.query(path, COMPUTE, params={"sasUriExpirationTimeInMinutes": str(MINUTES_SIGNED)})
        uri = text(member(answer.body).get("serialConsoleLogBlobUri"))
        if uri is None:
            return None
        parts = urlsplit(uri)
        # The whole of it, and what makes it a key: neither may ever be shown.
        keep_secret(uri)
        keep_secret(parts.query)
        if parts.scheme != "https" or parts.username is not None:
            raise RefusedUrl(f"The log of {vm.name} is at an address that is not https, which is not opened.", target=vm.id)
        return uri

    def _open(self, vm: Vm, uri: str) -> str:
        host = urlsplit(uri).netloc
        call = Call("GET", uri, None, True, False, RequestClass(host, "reads", "boot logs"))
        try:
            return str(self._blobs.send(call, f"https://{host}").body or "")
        except ArmError as error:
            if error.status == 404:
                return ""
            raise ArmError(error.message, code=error.code, status=error.status, target=vm.id, operation="GET serial console log") from None


class _SignedBlob:
    """The Blob service by a signed URL: no token, text as it is."""

    redirects = False

    def headers(self, call: Call, token: str, common: Mapping[str, str]) -> dict[str, str]:
        return {"User-Agent": common["User-Agent"], "Accept": "*/*"}

    def parse(self, text_: str) -> tuple[Any, bool]:
        return text_, True

    def envelope(self, body: Any, text_: str, headers: Mapping[str, str], default_code: str) -> Envelope:
        # Its body may show the signature that it did not accept.
        code = headers.get("x-ms-error-code") or default_code
        return Envelope(code, f"the storage account that keeps it answers {code}", None, (), ())


class _NoTokens:
    def token(self) -> str:
        return ""

    def refresh(self, rejected: str | None = None) -> bool:
        return False
