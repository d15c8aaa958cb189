# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource groups that come and go, provider registration, and the list of all resources with its `$filter`."""

from __future__ import annotations

import re
from typing import Any, Callable

from ...async_urls import signed
from ...bodies import region_of, tags_of
from ...paging import page
from ...replies import AzureError, Reply
from ...routing import Call
from .state import PROVIDERS, Group, ResourcesState
from .views import group_view, locations_view, provider_view

GROUP_DELETE = 60.0
"""Virtual seconds until a group and all in it are gone."""
_RETRY_AFTER = 15.0
_GROUP_NAME = re.compile(r"^[-\w._()]{1,89}[-\w_()]$|^[-\w_()]$")
_CLAUSE = re.compile(
    r"^\s*(?:(\w+)\s+(eq|ne)\s+'((?:[^']|'')*)'|substringof\('((?:[^']|'')*)',\s*(\w+)\))\s*$", re.IGNORECASE
)

Test = Callable[[dict[str, Any]], bool]


def put_group(call: Call) -> Reply:
    """201 when new, 200 when tags changed; the location of a group never changes."""
    state = call.world.state(ResourcesState)
    body = call.body if isinstance(call.body, dict) else {}
    name = call.vars["group"]
    location = region_of(body.get("location"))
    existing = state.group(call.vars["subscription"], name)
    if not location and existing is None:
        raise AzureError(400, "LocationRequired", "The location property is required for this definition.")
    if not _GROUP_NAME.match(name):
        raise AzureError(
            400, "InvalidResourceGroup", f"The provided resource group name '{name}' has invalid characters or length."
        )
    if existing is not None:
        if location and location != existing.location.lower():
            raise AzureError(
                409,
                "InvalidResourceGroupLocation",
                f"Invalid resource group location '{location}'. The Resource group already exists in location '{existing.location}'.",
            )
        existing.tags = tags_of(body) if "tags" in body else existing.tags
        return Reply(200, group_view(existing))
    return Reply(201, group_view(state.put_group(Group(call.vars["subscription"], name, location, tags_of(body)))))


def patch_group(call: Call) -> Reply:
    group = call.world.state(ResourcesState).need_group(call.vars["subscription"], call.vars["group"])
    body = call.body if isinstance(call.body, dict) else {}
    group.tags = tags_of(body) if "tags" in body else group.tags
    return Reply(200, group_view(group))


def delete_group(call: Call) -> Reply:
    """202 with Location only; the group shows `Deleting` until everything in it is gone."""
    state = call.world.state(ResourcesState)
    group = state.need_group(call.vars["subscription"], call.vars["group"])
    group.provisioning_state = "Deleting"
    token = call.world.new_id()
    state.deletions[token] = (group.subscription_id, group.name)

    def gone() -> None:
        for clean in state.cleaners:
            clean(call.world, group.subscription_id, group.name)
        state.remove_group(group)

    call.world.after(GROUP_DELETE, gone)
    return Reply(202, None, _deletion_headers(call, token))


def group_deletion(call: Call) -> Reply:
    """The Location of a group's deletion: 202 until it is over, then 200."""
    state = call.world.state(ResourcesState)
    token = call.vars["operation"]
    if token not in state.deletions:
        raise AzureError(404, "NotFound", f"The operation '{token}' was not found.")
    if state.has_group(*state.deletions[token]):
        return Reply(202, None, _deletion_headers(call, token))
    return Reply(200)


def register_provider(call: Call, *, registered: bool) -> Reply:
    """Registration takes effect at once."""
    state = call.world.state(ResourcesState)
    namespace = known_namespace(call.vars["namespace"])
    if registered:
        state.unregistered.discard(namespace.lower())
    else:
        state.unregistered.add(namespace.lower())
    return Reply(200, provider_view(call.vars["subscription"], namespace, registered, regions(call)))


def known_namespace(given: str) -> str:
    """The namespace as Azure spells it, or ARM's 404."""
    for namespace in PROVIDERS:
        if namespace.lower() == given.lower():
            return namespace
    raise AzureError(
        404,
        "InvalidResourceNamespace",
        f"The resource namespace '{given}' is invalid.",
        headers={"x-ms-failure-cause": "gateway"},
    )


def regions(call: Call) -> list[str]:
    estate = call.world.state(ResourcesState).estate
    return [] if estate is None else [one["displayName"] for one in locations_view(estate)]


def list_resources(call: Call) -> Reply:
    """All resources of the subscription or group. Filtered by tag, the answers lack their tags, as Azure's do."""
    state = call.world.state(ResourcesState)
    group = call.vars.get("group", "").lower()
    found = [one for inventory in state.inventories for one in inventory(call.world, call.vars["subscription"])]
    if group:
        found = [one for one in found if one["id"].split("/")[4].lower() == group]
    test, by_tag = parse_filter(call.query.get("$filter", ""))
    expand = {part.strip().lower() for part in call.query.get("$expand", "").split(",")}
    kept = sorted((one for one in found if test(one)), key=lambda one: str(one["id"]).lower())
    return page(call, kept, lambda one: _listed(one, expand, by_tag))


def parse_filter(text: str) -> tuple[Test, bool]:
    """(test, whether it is a tag filter). Raises AzureError 400 for what Azure does not understand either."""
    if not text.strip():
        return (lambda one: True), False
    tests: list[Test] = []
    names: list[str] = []
    tag_name = ""
    for clause in re.split(r"\s+and\s+", text, flags=re.IGNORECASE):
        match = _CLAUSE.match(clause)
        if match is None:
            raise _bad_filter(text)
        name, operator, value, part, part_of = match.groups()
        field = (name or part_of).lower()
        value = (value if value is not None else part).replace("''", "'")
        names.append(field)
        if field == "tagname":
            tag_name = value
        tests.append(_test(field, (operator or "contains").lower(), value, tag_name, text))
    by_tag = any(name.startswith("tag") for name in names)
    if by_tag and not all(name.startswith("tag") for name in names):
        raise AzureError(
            400,
            "InvalidFilterInQueryString",
            f"Invalid $filter '{text}' specified in the query string: tags cannot be combined with other properties.",
        )
    return (lambda one: all(test(one) for test in tests)), by_tag


def _test(field: str, operator: str, value: str, tag_name: str, text: str) -> Test:
    if field == "tagname":
        return lambda one: value.lower() in {key.lower() for key in one.get("tags") or {}}
    if field == "tagvalue":
        return lambda one: any(
            key.lower() == tag_name.lower() and had == value for key, had in (one.get("tags") or {}).items()
        )
    readers: dict[str, Callable[[dict[str, Any]], str]] = {
        "resourcetype": lambda one: str(one["type"]),
        "name": lambda one: str(one["name"]),
        "location": lambda one: str(one["location"]),
        "resourcegroup": lambda one: str(one["id"]).split("/")[4],
    }
    if field not in readers:
        raise _bad_filter(text)
    read, wanted = readers[field], value.lower()
    if operator == "contains":
        return lambda one: wanted in read(one).lower()
    return lambda one: (read(one).lower() == wanted) == (operator == "eq")


def _bad_filter(text: str) -> AzureError:
    return AzureError(
        400,
        "InvalidFilterInQueryString",
        f"Invalid $filter '{text}' specified in the query string.",
        headers={"x-ms-failure-cause": "gateway"},
    )


def _listed(one: dict[str, Any], expand: set[str], without_tags: bool) -> dict[str, Any]:
    listed = {name: value for name, value in one.items() if not name.startswith("_")}
    if without_tags or not listed.get("tags"):
        listed.pop("tags", None)
    created = one.get("_created")
    if created is not None:
        for field in ("createdTime", "changedTime"):
            if field.lower() in expand:
                listed[field] = f"{created:%Y-%m-%dT%H:%M:%S}.{created.microsecond:06d}0Z"
    if "provisioningstate" in expand:
        listed["provisioningState"] = one.get("_state", "Succeeded")
    return listed


def _deletion_headers(call: Call, token: str) -> dict[str, str]:
    path = f"/subscriptions/{call.vars['subscription']}/operationresults/{token}"
    return {"Location": signed(call, path, call.api_version), **call.world.clock.retry_after_headers(_RETRY_AFTER)}
