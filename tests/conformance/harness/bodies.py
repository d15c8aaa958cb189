# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares request bodies by what they mean to Azure, not by how they are written."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

# What Azure takes for a member that is not sent. Facts C.3 (policyId of a stopped item) and F.2 (the booleans of a restore;
# createNewCloudService is about classic VMs, older clients sent true).
SAME_AS_ABSENT: dict[str, tuple[Any, ...]] = {
    "policyId": ("",),
    "createNewCloudService": (False, True),
    "originalStorageAccountOption": (False,),
    "affinityGroup": ("",),
    "objectType": ("IdentityBasedRestoreDetails", "CrrAccessToken"),
    "encryptionDetails": ({"encryptionEnabled": False},),
    "extendedProperties": ({},),
    "accessType": ("AccessKey",),
    "softDeleteRetentionPeriodInDays": (14,),
}
REDACTED = "REDACTED"
"""What a recorder puts in place of a secret; the client sent what it was given."""
RELATIVE_TIMES = ("recoveryPointExpiryTimeInUTC",)
"""Times that a user gives as a distance from now: compared as such, to two days (the CLI rounds to midnight)."""


def differences(recorded: Any, sent: Any, recorded_at: str | None = None) -> list[str]:
    """How two bodies differ in meaning, one line a difference. `recorded_at` is the Date header of the recorded answer."""
    found: list[str] = []
    _compare(recorded, sent, "body", recorded_at, found)
    return found


def _compare(recorded: Any, sent: Any, where: str, recorded_at: str | None, found: list[str]) -> None:
    if isinstance(recorded, dict) and isinstance(sent, dict):
        for name in sorted({*recorded, *sent}):
            old, new = _plain(name, recorded.get(name)), _plain(name, sent.get(name))
            if name in RELATIVE_TIMES and old is not None and new is not None:
                _compare_distance(old, new, f"{where}.{name}", recorded_at, found)
            else:
                _compare(old, new, f"{where}.{name}", recorded_at, found)
    elif isinstance(recorded, list) and isinstance(sent, list) and len(recorded) == len(sent):
        for index, (old, new) in enumerate(zip(recorded, sent)):
            _compare(old, new, f"{where}[{index}]", recorded_at, found)
    elif recorded != REDACTED and _scalar(recorded) != _scalar(sent):
        found.append(f"{where}: recorded {recorded!r}, sent {sent!r}")


def _plain(name: str, value: Any) -> Any:
    """None for what means the same as an absent member."""
    return None if any(type(value) is type(same) and value == same for same in SAME_AS_ABSENT.get(name, ())) else value


def _scalar(value: Any) -> Any:
    """ARM ids, region names and kinds of identity compare without case and blanks; LUNs go as numbers or, from the Azure CLI, as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.lower().replace(", ", ",") if isinstance(value, str) else value


def _compare_distance(recorded: str, sent: str, where: str, recorded_at: str | None, found: list[str]) -> None:
    try:
        new = _time(sent) - datetime.now(timezone.utc)
    except ValueError:
        found.append(f"{where}: {sent!r} is no time")
        return
    if recorded_at:
        old = _time(recorded) - parsedate_to_datetime(recorded_at)
        if abs(new - old) > timedelta(days=2):
            found.append(f"{where}: recorded {old} ahead, sent {new} ahead")


def _time(text: str) -> datetime:
    whole = re.sub(r"\.\d+", "", text).replace("Z", "+00:00")
    return datetime.fromisoformat(whole).astimezone(timezone.utc)
