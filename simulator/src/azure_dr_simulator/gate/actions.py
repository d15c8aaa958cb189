# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ARM's name for what a request does: `Microsoft.RecoveryServices/vaults/backupJobs/read` over a scope."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}

READING_POSTS = {
    "backupstatus",
    "backupprevalidateprotection",
    "backupvalidatefeatures",
    "backupvalidateoperation",
    "backuptriggervalidateoperation",
    "backupaadproperties",
    "backupcrrjob",
    "backupcrrjobs",
    "accesstoken",
    "recoverypointsrecommendedformove",
    "listinstantitemrecoveryoperationresult",
    "listkeys",
    "listvalue",
    "getssotoken",
    "checknameavailability",
    "retrievebootdiagnosticsdata",
    "resources",
    "validate",
}
"""POSTs (last path segment, lower case) that change nothing."""


@dataclass(frozen=True)
class Action:
    name: str
    """For instance `Microsoft.Compute/virtualMachines/read`."""
    scope: str
    """The id the action is checked on: the resource, or the group or subscription of a list."""
    verb: str
    """`read`, `write`, `delete` or `action`."""
    provider: str
    """Namespace, or `` for subscriptions and resource groups."""
    subscription: str
    group: str


def action_of(method: str, raw_path: str) -> Action:
    """The action of a request, by the rules ARM itself uses: types from every other segment, verb from the method."""
    segments = [unquote(part) for part in raw_path.strip("/").split("/") if part]
    lower = [part.lower() for part in segments]
    verb = _VERBS.get(method, "action")
    subscription = segments[1] if len(segments) > 1 and lower[0] == "subscriptions" else ""
    group = segments[3] if len(segments) > 3 and lower[2] == "resourcegroups" else ""
    if "providers" in lower:
        at = len(lower) - 1 - lower[::-1].index("providers")
        prefix, namespace, rest = segments[:at], segments[at + 1 : at + 2], segments[at + 2 :]
        if not rest:
            return Action(
                "Microsoft.Resources/subscriptions/providers/read",
                "/" + "/".join(prefix),
                verb,
                "",
                subscription,
                group,
            )
        types = rest[0::2]
        if verb == "action":
            # A POST names its action last: .../vaults/{v}/undelete and .../backupFabrics/Azure/refreshContainers alike.
            types = rest[0:-1:2] + rest[-1:]
        scope = segments if len(rest) % 2 == 0 else segments[: len(segments) - 1]
        if len(rest) == 1:
            scope = prefix
        return Action(
            "/".join([*namespace, *types, verb]), "/" + "/".join(scope), verb, namespace[0], subscription, group
        )
    types = ["subscriptions", *segments[2::2]] if subscription else segments[:1]
    if verb == "action" and len(segments) % 2:
        types = ["subscriptions", *segments[2:-1:2], segments[-1]]
    return Action(
        "/".join(["Microsoft.Resources", *types, verb]), "/" + "/".join(segments), verb, "", subscription, group
    )


def changes(method: str, raw_path: str) -> bool:
    """Whether an ARM request is a write, as check mode understands it."""
    if method in ("PUT", "PATCH", "DELETE"):
        return True
    return method == "POST" and unquote(raw_path.rstrip("/").rsplit("/", 1)[-1]).lower() not in READING_POSTS
