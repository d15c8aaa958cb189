# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From module parameters to a client."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from . import clouds
from .auth import source
from .auth.options import AuthOptions, described, read_options
from .client import ArmClient
from .clock import Clock, SystemClock
from .envelope import read_envelope
from .errors import HttpError, OptionError, TransportError
from .once import Once
from .retry import RetryPolicy, is_transient
from .sender import USER_AGENT
from .transport import RequestsTransport, Transport

_API_VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}(-[A-Za-z]+)?\Z")
# Enough for a simulator or a gateway that is just starting.
_DISCOVERY = RetryPolicy(attempts=5, longest=10.0)


def connect(
    params: Mapping[str, Any],
    *,
    read_only: bool = False,
    hints: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    environment: Mapping[str, str] | None = None,
    transport: Transport | None = None,
) -> ArmClient:
    """A client for the auth options of a module. Sends nothing yet: discovery and sign-in wait for the first call.

    ``params`` holds the options of ``auth.options.ENVIRONMENT`` and ``api_versions``; empty strings count as unset and the
    AZURE_* variables of ``environment`` (default: the process') fill in. Raises OptionError.
    """
    options = read_options(params, os.environ if environment is None else environment)
    versions = _api_versions(params.get("api_versions"))
    if options.ca_path and not os.path.exists(options.ca_path):
        raise OptionError("ca_path", f"{described('ca_path')} names {options.ca_path}, and there is no such file.")
    clouds.check_name(options.cloud_environment)
    source.check(options)
    clock = clock or SystemClock()
    wire = transport or RequestsTransport(options.ca_path)
    cloud = Once(partial(_cloud, options, wire, clock))
    return ArmClient(
        cloud,
        source.build_token_source(options, cloud, clock),
        Once(partial(source.subscription, options)),
        clock=clock,
        transport=wire,
        read_only=read_only,
        api_versions=versions,
        hints=hints,
        tokens_for=partial(source.build_token_source, options, cloud, clock),
    )


def fetch_json(wire: Transport, clock: Clock, url: str) -> Any:
    """GET a public document, without a token; raises HttpError or TransportError."""
    attempt = 0
    while True:
        attempt += 1
        error: HttpError | TransportError
        try:
            raw = wire.send("GET", url, {"Accept": "application/json", "User-Agent": USER_AGENT}, None)
            text = raw.content.decode("utf-8-sig", errors="replace")
            if raw.status == 200:
                try:
                    return json.loads(text)
                except ValueError:
                    error = HttpError("The answer is not JSON.", code="MalformedBody", status=400, operation="GET metadata/endpoints")
            else:
                envelope = read_envelope(None, text, default_code=f"Http{raw.status}")
                error = HttpError(envelope.message, code=envelope.code, status=raw.status, operation="GET metadata/endpoints")
        except TransportError as problem:
            problem.operation = "GET metadata/endpoints"
            error = problem
        again = not error.permanent if isinstance(error, TransportError) else is_transient(error.status or 0)
        if not again or attempt >= _DISCOVERY.attempts:
            raise error
        clock.sleep(_DISCOVERY.backoff(attempt, 0.5))


def _cloud(options: AuthOptions, wire: Transport, clock: Clock) -> clouds.Cloud:
    return clouds.resolve_cloud(options.cloud_environment, partial(fetch_json, wire, clock))


def _api_versions(value: Any) -> dict[str, str]:
    if not value:
        return {}
    if not isinstance(value, Mapping):
        raise OptionError("api_versions", "a map of API name to api-version is expected.")
    versions = {str(name): str(version) for name, version in value.items() if version}
    for name, version in versions.items():
        if not _API_VERSION.match(version):
            raise OptionError("api_versions", f"{version!r} for {name} is not an api-version, which is a date such as 2025-02-01 or 2025-02-01-preview.")
    return versions
