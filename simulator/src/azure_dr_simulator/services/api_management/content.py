# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service serves: APIs with operations, products with their APIs, named values, policies.

All writes are synchronous here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Mapping

from ...paging import page
from ...replies import Reply
from ...routing import Call
from .failures import apim_error, invalid_parameter
from .state import Content, Service

KINDS: dict[str, tuple[str, ...]] = {
    "apis": ("operations", "policies"),
    "products": ("apis", "policies"),
    "namedValues": (),
    "policies": (),
}
"""Kinds of content, and the kinds below each."""
_SINGULAR = {
    "apis": "API",
    "operations": "Operation",
    "products": "Product",
    "namedValues": "Named value",
    "policies": "Policy",
}
_REQUIRED = {
    "apis": ("path",),
    "operations": ("displayName", "method", "urlTemplate"),
    "products": ("displayName",),
    "namedValues": ("displayName",),
    "policies": ("value",),
}
_IMPORT = ("format", "value", "wsdlSelector", "apiType")
"""Members of an API's PUT that say where its definition comes from; the simulator keeps none."""


_POLICY = "<policies><inbound /><backend><forward-request /></backend><outbound /><on-error /></policies>"


def bare_content() -> Content:
    """What every service has."""
    return {"policies/policy": {"format": "xml", "value": _POLICY}}


def new_content() -> Content:
    """What Azure gives a new service: an API to try, in two products."""
    echo = {"displayName": "Echo API", "path": "echo", "serviceUrl": "http://echoapi.cloudapp.net/api"}
    content = bare_content()
    content["apis/echo-api"] = api_properties(echo)
    content["apis/echo-api/operations/retrieve-resource"] = {
        "displayName": "Retrieve resource",
        "method": "GET",
        "urlTemplate": "/resource",
    }
    for name in ("starter", "unlimited"):
        properties = {"displayName": name.title(), "state": "published", "subscriptionRequired": True}
        content[f"products/{name}"] = properties
        content[f"products/{name}/apis/echo-api"] = {}
    return content


def api_properties(given: Mapping[str, Any]) -> dict[str, Any]:
    """An API's properties with what Azure adds."""
    kept = {key: value for key, value in given.items() if key not in _IMPORT and value is not None}
    return {
        "displayName": kept.get("path", ""),
        "apiRevision": "1",
        "description": None,
        "subscriptionRequired": True,
        "protocols": ["https"],
        "subscriptionKeyParameterNames": {"header": "Ocp-Apim-Subscription-Key", "query": "subscription-key"},
        "isCurrent": True,
        **kept,
    }


def list_content(call: Call, service: Service, folder: str) -> Reply:
    """The members of a folder such as `apis` or `apis/echo-api/operations`, with their count."""
    if call.query.get("$filter"):
        raise apim_error(400, "ValidationError", "The simulator does not filter the content of a service.")
    _need_parent(service, folder)
    prefix = folder.lower() + "/"
    below = [path for path in service.content if path.lower().startswith(prefix) and "/" not in path[len(prefix) :]]
    skip = call.query.get("$skip", "")
    members = below[int(skip) :] if skip.isdigit() else below
    found = page(call, members, lambda path: _view(service, path))
    found.body["count"] = len(below)
    return found


def get_content(call: Call, service: Service, path: str) -> Reply:
    own = _need(service, path)
    view = _view(service, own)
    return Reply(200, None if call.method == "HEAD" else view, {"ETag": _etag(service.content[own])})


def put_content(call: Call, service: Service, path: str) -> Reply:
    """201 when new, 200 when it was there. A product's API is a link to one that exists."""
    folder, kind, name = _parts(path)
    _need_parent(service, folder)
    own = _own(service, path)
    _check_match(call, service, own)
    if folder.startswith("products/") and kind == "apis":
        link = f"{folder}/{_need(service, f'apis/{name}').partition('/')[2]}"
        service.content.setdefault(own or link, {})
        return Reply(200 if own else 201, _view(service, own or link))
    given = (call.body or {}).get("properties") if isinstance(call.body, dict) else None
    properties = {key: value for key, value in (given or {}).items() if value is not None}
    for member in _REQUIRED[kind]:
        if properties.get(member) in (None, ""):
            raise invalid_parameter(f"'{member}' must not be empty.", member)
    service.content[own or path] = api_properties(properties) if kind == "apis" else properties
    return _written(service, own or path, 200 if own else 201)


def patch_content(call: Call, service: Service, path: str) -> Reply:
    own = _need(service, path)
    _check_match(call, service, own)
    given = (call.body or {}).get("properties") if isinstance(call.body, dict) else None
    service.content[own].update({key: value for key, value in (given or {}).items() if value is not None})
    return _written(service, own, 200)


def delete_content(call: Call, service: Service, path: str) -> Reply:
    """All below it and the links to it go, too; 204 when there is none."""
    own = _own(service, path)
    if own is None:
        return Reply(204)
    _check_match(call, service, own)
    links = f"/{own}".lower() if own.startswith("apis/") and own.count("/") == 1 else None
    for other in list(service.content):
        linked = links is not None and other.startswith("products/") and other.lower().endswith(links)
        if other == own or other.startswith(f"{own}/") or linked:
            del service.content[other]
    # Since 2024-05-01 the deletion of an API is a long operation, which may also be over at once.
    over_at_once = links is not None and call.api_version >= "2024-05-01"
    return Reply(204 if over_at_once else 200)


def secret_value(service: Service, path: str) -> Reply:
    """`listValue` of a named value."""
    return Reply(200, {"value": service.content[_need(service, path)].get("value")})


def _written(service: Service, path: str, status: int) -> Reply:
    return Reply(status, _view(service, path), {"ETag": _etag(service.content[path])})


def _view(service: Service, path: str) -> dict[str, Any]:
    parts = path.split("/")
    properties = dict(service.content[path])
    if parts[0] == "products" and len(parts) == 4 and parts[2] == "apis":
        properties = dict(service.content[f"apis/{parts[3]}"])
    if properties.get("secret"):
        properties.pop("value", None)
    return {
        "id": f"{service.id}/{path}",
        "type": "/".join(["Microsoft.ApiManagement/service", *parts[0::2]]),
        "name": parts[-1],
        "properties": properties,
    }


def _parts(path: str) -> tuple[str, str, str]:
    """Folder, kind and name: `apis/a/operations/b` -> (`apis/a/operations`, `operations`, `b`)."""
    folder, _, name = path.rpartition("/")
    return folder, folder.rpartition("/")[2], name


def _own(service: Service, path: str) -> str | None:
    """The path as it is spelled here; names compare without case."""
    return next((own for own in service.content if own.lower() == path.lower()), None)


def _need(service: Service, path: str) -> str:
    found = _own(service, path)
    if found is None:
        raise apim_error(404, "ResourceNotFound", f"{_SINGULAR[_parts(path)[1]]} not found.")
    return found


def _need_parent(service: Service, folder: str) -> None:
    if "/" in folder:
        _need(service, folder.rpartition("/")[0])


def _check_match(call: Call, service: Service, own: str | None) -> None:
    wanted = call.headers.get("if-match", "*").strip()
    if wanted != "*" and (own is None or wanted.strip('"') != _etag(service.content[own]).strip('"')):
        raise apim_error(412, "PreconditionFailed", "The request etag does not match the entity's.")


def _etag(properties: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(properties, sort_keys=True).encode()).digest()
    return f'"{base64.b64encode(digest[:8]).decode()}"'
