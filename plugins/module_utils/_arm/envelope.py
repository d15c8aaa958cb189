# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the error that ARM, a resource provider or a gateway in between put into an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .redact import redact

_LONGEST_TEXT = 1000
_TAG = re.compile(r"<(?:script|style).*?</(?:script|style)>|<[^>]+>", re.IGNORECASE | re.DOTALL)

_ERROR_HINTS: dict[str, str] = {
    "AuthorizationFailed": "Give the identity that runs this a role that allows the action, on the scope that the message names; "
    "a role assigned just now can take some minutes to work.",
    "LinkedAuthorizationFailed": "The identity also needs a role on the linked resource that the message names.",
    "AuthenticationFailed": "Check tenant, client_id and secret (or the certificate), and that cloud_environment is the right cloud.",
    "InvalidAuthenticationTokenTenant": "The token is of another tenant than the subscription: set tenant (AZURE_TENANT).",
    "ExpiredAuthenticationToken": "The token is out of date. With auth_source=access_token hand in a fresh one; another auth_source refreshes by itself.",
    "SubscriptionNotFound": "Check subscription_id (AZURE_SUBSCRIPTION_ID), that the identity may see it, and cloud_environment.",
    "InvalidSubscriptionId": "subscription_id (AZURE_SUBSCRIPTION_ID) must be the id (a GUID), not the name.",
    "SubscriptionNotRegistered": "Register the resource provider in the subscription: az provider register --namespace NAMESPACE.",
    "MissingSubscriptionRegistration": "Register the resource provider that the message names: az provider register --namespace NAMESPACE.",
    "ResourceGroupNotFound": "Check the name of the resource group and the subscription.",
    "ResourceNotFound": "Check the name, the resource group and the subscription.",
    "ScopeLocked": "A lock protects this scope: az lock list; remove the lock or work elsewhere.",
    "RequestDisallowedByPolicy": "An Azure Policy forbids this: use values that it allows or ask its owner for an exemption.",
    "ResourceRequestsThrottled": "Azure limits these requests per subscription: lower the number of parallel runs or poll less often, and run again later.",
    "SubscriptionRequestsThrottled": "Azure limits requests per subscription and identity: lower the number of parallel runs, and run again later.",
    "TooManyRequests": "Azure limits these requests: lower the number of parallel runs, and run again later.",
    "InvalidApiVersionParameter": "This cloud does not know the api-version: set a version it lists, with the option api_versions.",
    "NoRegisteredProviderFound": "This cloud or region does not know the api-version: set one that the message lists, with the option api_versions.",
    "InvalidResourceType": "This cloud or region does not know the resource type in this api-version; see the option api_versions.",
    "LocationNotAvailableForResourceType": "The resource type is not offered in this region.",
    "SkuNotAvailable": "The size is not offered in this region or zone for the subscription: choose another size, zone or region.",
    "QuotaExceeded": "Ask for more quota in the region, or use less.",
    "OperationNotAllowed": "Read the message: often a quota of the region, or a state of the resource that forbids the operation.",
    "ReadOnlyDisabledSubscription": "The subscription is disabled and can only be read.",
}


class Envelope(NamedTuple):
    """What an error body said. ``code`` and ``message`` are never empty."""

    code: str
    message: str
    target: str | None
    details: tuple[Mapping[str, Any], ...]
    additional_info: tuple[Mapping[str, Any], ...]


def read_envelope(body: Any, text: str, *, default_code: str) -> Envelope:
    """Read {error: {code, message, target, details, additionalInfo, innererror}} (ARM contract), or whatever came instead.

    ``body`` is the parsed JSON or None, ``text`` the raw answer. Known stand-ins: the inner object alone, ``Code``/``Message``
    in capitals, OAuth's {error: "code", error_description}, an HTML page, plain text, nothing.
    """
    error = _error_object(body)
    if error is None:
        return Envelope(default_code, _plain_text(text) or "the answer had no body that explains it", None, (), ())
    code = _first_text(error, "code", "Code", "errorCode", "error") or default_code
    message = _first_text(error, "message", "Message", "errorMessage", "error_description") or ""
    details = _objects(error.get("details"))
    info = _objects(error.get("additionalInfo"))
    parts = [message] if message else []
    parts += [text for text in map(_detail_text, details) if text and text not in message]
    inner = error.get("innererror")
    if isinstance(inner, Mapping) and not parts:
        parts.append(_first_text(inner, "message", "code") or "")
    parts += _policies(info)
    return Envelope(
        code, " ".join(part for part in parts if part) or "no message was given", _first_text(error, "target"), details, info
    )


def hint_for(code: str, extra: Mapping[str, str], additional_info: tuple[Mapping[str, Any], ...] = ()) -> str | None:
    """What to do about an error code: the caller's own hints first, then ARM's, then what the service itself recommends."""
    hint = extra.get(code) or _ERROR_HINTS.get(code)
    if hint:
        return hint
    for entry in additional_info:
        info = entry.get("info")
        actions = info.get("recommendedAction") if isinstance(info, Mapping) else None
        if isinstance(actions, list) and actions:
            return " ".join(str(action) for action in actions)
    return None


def _error_object(body: Any) -> Mapping[str, Any] | None:
    if not isinstance(body, Mapping):
        return None
    inner = body.get("error", body.get("Error"))
    if isinstance(inner, Mapping):
        return inner
    if isinstance(inner, str) or any(name in body for name in ("code", "Code", "message", "Message")):
        return body
    return None


def _detail_text(detail: Mapping[str, Any]) -> str:
    code, message = _first_text(detail, "code"), _first_text(detail, "message")
    return f"{code}: {message}" if code and message else (message or code or "")


def _policies(info: tuple[Mapping[str, Any], ...]) -> list[str]:
    found = []
    for entry in info:
        data = entry.get("info")
        if entry.get("type") == "PolicyViolation" and isinstance(data, Mapping):
            name = _first_text(data, "policyAssignmentDisplayName", "policyDefinitionDisplayName", "policyAssignmentName", "policyDefinitionName")
            if name:
                found.append(f"Policy: {name}.")
    return found


def _objects(value: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(entry for entry in value if isinstance(entry, Mapping)) if isinstance(value, list) else ()


def _first_text(data: Mapping[str, Any], *names: str) -> str | None:
    for name in names:
        value = data.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return None


def _plain_text(text: str) -> str:
    # A secret that is cut in two is not found any more.
    words = " ".join(_TAG.sub(" ", redact(text)).split())
    return words if len(words) <= _LONGEST_TEXT else words[:_LONGEST_TEXT] + "..."
