# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One family of errors: what went wrong, where, and what a person can do about it.

Nothing secret gets in: every text passes ``redact`` on the way into the error.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from .redact import redact


class ArmError(Exception):
    """Anything that went wrong on the way to, in, or on the way back from Azure Resource Manager.

    ``code`` ARM's own code or one of ours; ``status`` the HTTP status, None when no answer came; ``operation`` what was
    being done (``PUT protectedItems/vm;...``); ``hint`` what to do; ``ambiguous`` True when a write may or may not have taken
    effect; ``retry_after`` seconds the service asked to wait; ``details``/``additional_info`` as ARM sent them.
    """

    code: str = "Unknown"
    hint: str | None = None

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        target: str | None = None,
        request_id: str | None = None,
        operation: str | None = None,
        hint: str | None = None,
        ambiguous: bool = False,
        retry_after: float | None = None,
        details: Sequence[Mapping[str, Any]] = (),
        additional_info: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.code = code or type(self).code
        self.message = redact(message)
        self.status = status
        self.target = None if target is None else redact(target)
        self.request_id = request_id
        self.operation = None if operation is None else redact(operation)
        told = hint or type(self).hint
        self.hint = None if told is None else redact(told)
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.details = tuple(details)
        self.additional_info = tuple(additional_info)
        super().__init__(self.message)

    def as_failure(self) -> dict[str, Any]:
        """The ``failure`` of a module result: {code, message, status, target, request_id, operation, hint}, without empty ones."""
        fields = {
            "code": self.code,
            "message": self.message,
            "status": self.status,
            "target": self.target,
            "request_id": self.request_id,
            "operation": self.operation,
            "hint": self.hint,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def __str__(self) -> str:
        where = [text for text in (self.operation, f"HTTP {self.status}" if self.status else None) if text]
        if self.request_id:
            where.append(f"request id {self.request_id}")
        text = f"{self.code}: {self.message}"
        if where:
            text += f" ({', '.join(where)})"
        return f"{text} {self.hint}" if self.hint else text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class OptionError(ArmError):
    """Bad input, noticed before any request. ``option`` names the module option."""

    code = "InvalidOption"

    def __init__(self, option: str, message: str, *, hint: str | None = None) -> None:
        self.option = option
        super().__init__(f"{option}: {message}", target=option, hint=hint)


class MissingLibrary(ArmError):
    """A Python library that this run needs is not installed. ``library`` is what to give to pip."""

    code = "MissingLibrary"

    def __init__(self, library: str, purpose: str) -> None:
        self.library = library
        super().__init__(
            f"The Python library {library} is needed {purpose} and is not installed for the Python that runs this module.",
            target=library,
            hint=f"Install it there: pip install {library}",
        )


class AuthError(ArmError):
    """No token: credentials are missing, wrong, expired, or the login service did not answer."""

    code = "AuthenticationFailed"


class TransportError(ArmError):
    """No HTTP answer: refused, reset, timed out, or TLS failed. ``sent`` False when the request surely never got out."""

    code = "ConnectionFailed"

    def __init__(self, message: str, *, sent: bool = True, permanent: bool = False, **fields: Any) -> None:
        self.sent = sent
        self.permanent = permanent
        super().__init__(message, **fields)


class RefusedUrl(ArmError):
    """A URL that the bearer token must not be sent to, or a chain of pages that never ends."""

    code = "UrlRefused"


class HttpError(ArmError):
    """ARM answered with an error."""

    code = "HttpError"


class OperationFailed(ArmError):
    """A long-running operation ended Failed or Canceled."""

    code = "OperationFailed"


class OperationTimeout(ArmError):
    """The wait ended before the operation did; the operation goes on in Azure.

    ``last_state`` as last read; ``resume`` the ids to carry on from ({"operation_id": ..., "operation_url": ...}). Its hint,
    unless another is given, is what every module keeps: a second run goes on from there.
    """

    code = "OperationTimeout"
    hint = "Raise wait_timeout, or run the same task again: it finds what is under way and goes on from there."

    def __init__(self, message: str, *, last_state: str | None, resume: Mapping[str, str], **fields: Any) -> None:
        self.last_state = last_state
        self.resume = dict(resume)
        super().__init__(message, **fields)

    def as_failure(self) -> dict[str, Any]:
        failure = super().as_failure()
        if self.last_state is not None:
            failure["last_state"] = self.last_state
        failure["resume"] = dict(self.resume)
        return failure


def defect(error: Exception) -> ArmError:
    """The failure for an exception that nothing foresaw: what it was and where, without a traceback."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return ArmError(
        f"{type(error).__name__}: {error} ({os.path.basename(place.filename)}, line {place.lineno}, {place.name})",
        code="UnexpectedError",
        hint="This is a defect of the collection; please report it with this message. Running the task again starts nothing twice.",
    )


class ReadOnlyViolation(RuntimeError):
    """A write was about to be sent by a client that may only read: a defect of the caller, never of the user."""
