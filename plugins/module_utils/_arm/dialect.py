# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a service of Azure wants to be spoken to: headers out, bodies and errors in. Tries, waits and limits are the same for all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from .calls import Call
from .envelope import Envelope, read_envelope


class Dialect(Protocol):
    """What differs from service to service."""

    redirects: bool
    """Whether a GET may follow a redirect on the same host."""

    def headers(self, call: Call, token: str, common: Mapping[str, str]) -> dict[str, str]:
        """The headers of one try: ``common`` and what proves who asks; made anew for each."""

    def parse(self, text: str) -> tuple[Any, bool]:
        """The body, None when empty, and whether it is what it should be."""

    def envelope(self, body: Any, text: str, headers: Mapping[str, str], default_code: str) -> Envelope:
        """What an error answer says."""


class ArmDialect:
    """Resource Manager: JSON and a bearer token."""

    redirects = True

    def headers(self, call: Call, token: str, common: Mapping[str, str]) -> dict[str, str]:
        headers = {**common, "Authorization": f"Bearer {token}", "Accept": "application/json"}
        if call.data is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return headers

    def parse(self, text: str) -> tuple[Any, bool]:
        if not text.strip():
            return None, True
        try:
            return json.loads(text), True
        except ValueError:
            return None, False

    def envelope(self, body: Any, text: str, headers: Mapping[str, str], default_code: str) -> Envelope:
        return read_envelope(body, text, default_code=default_code)
