# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long operations as clients see them: the headers that name them, the answers while they run and in the end.

Backup and restore have `Location` only: 202 until they are over, then 200 with the whole service. Everything else had
`Location` only before api-version 2022-08-01; since then there are `Azure-AsyncOperation` and `Location` with
`&asyncResponse`, which answer 200 with a status while the operation runs.
"""

from __future__ import annotations

from urllib.parse import unquote

from ...async_urls import signed
from ...replies import AzureError, Reply, resource_not_found
from ...routing import Call
from .failures import apim_error
from .state import ApiManagementState, Operation, Service
from .views import service_view

RETRY_AFTER, RETRY_AFTER_BEFORE_2022 = 20.0, 60.0
"""Virtual seconds between polls, as clients waited in the recordings; the header itself was not recorded."""
_TWO_HEADERS_SINCE = "2022-08-01"
_LOCATION_ONLY = ("Backup", "Restore")


def accepted_headers(call: Call, service: Service, operation: Operation) -> dict[str, str]:
    """The headers of the answer that starts an operation."""
    word = "operationResults" if call.api_version >= _TWO_HEADERS_SINCE else "operationresults"
    # Before 2022 the URL of a backup has a doubled slash; those in the answers to polls have one.
    doubled = "/" if operation.kind in _LOCATION_ONLY and call.api_version < _TWO_HEADERS_SINCE else ""
    return _headers(call, f"{service.id}/{doubled}{word}/{operation.id}", _with_status(call, operation))


def service_result(call: Call) -> Reply:
    """`service/{service}/operationResults/{operation}`."""
    operation = _operation(call)
    with_status = "asyncresponse" in call.query
    if not operation.over:
        path = unquote(call.raw_path).replace("//", "/")
        headers = _headers(call, path, with_status)
        return Reply(200, {"status": "InProgress"}, headers) if with_status else Reply(202, None, headers)
    if with_status:
        return _final_status(operation)
    if operation.status != 200:
        return Reply(operation.status, operation.error, {"x-ms-failure-cause": "service"})
    service = call.world.state(ApiManagementState).services.by_id(operation.service_id)
    if service is None or operation.kind == "Term":
        return Reply(200)
    return Reply(200, service_view(call.world, service, call.api_version))


def purge_result(call: Call) -> Reply:
    """`deletedservices/{service}/operationResults/{operation}`: 202 until the service is gone for good."""
    operation = _operation(call)
    if operation.over:
        return Reply(200)
    return Reply(202, None, _headers(call, unquote(call.raw_path), False))


def _operation(call: Call) -> Operation:
    operation = call.world.state(ApiManagementState).operations.get(call.vars["operation"])
    wanted = f"/{call.vars['service']}".lower()
    if operation is None or not operation.service_id.lower().endswith(wanted):
        raise apim_error(404, "ResourceNotFound", f"Operation '{call.vars['operation']}' was not found.")
    return operation


def _final_status(operation: Operation) -> Reply:
    if operation.kind == "Term" and operation.status == 404:
        raise _gone(operation)
    if operation.status == 200:
        return Reply(200, {"status": "Succeeded"})
    return Reply(200, {"status": "Failed", **(operation.error or {})})


def _gone(operation: Operation) -> AzureError:
    parts = operation.service_id.split("/")
    return resource_not_found("Microsoft.ApiManagement/service", parts[8], parts[4])


def _with_status(call: Call, operation: Operation) -> bool:
    return operation.kind not in _LOCATION_ONLY and call.api_version >= _TWO_HEADERS_SINCE


def _headers(call: Call, path: str, with_status: bool) -> dict[str, str]:
    wait = RETRY_AFTER if call.api_version >= _TWO_HEADERS_SINCE else RETRY_AFTER_BEFORE_2022
    headers = call.world.clock.retry_after_headers(wait)
    if with_status:
        headers["Azure-AsyncOperation"] = signed(call, path, call.api_version, suffix="asyncResponse")
    headers["Location"] = signed(call, path, call.api_version, suffix="asyncResponse" if with_status else "")
    return headers
