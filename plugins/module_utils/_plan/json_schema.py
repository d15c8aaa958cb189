# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema of a recovery plan, for editors: made of the same data that plans are checked with."""

from __future__ import annotations

from typing import Any

from .schema import MAP, NODES, PLAN, Key, Node
from .validate import EXTRA

_TYPES: dict[str, dict[str, Any]] = {
    # A number is as good as text to Ansible: `retain: 90`.
    "str": {"type": ["string", "number"]},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "dict": {"type": "object"},
    "list": {"type": "array"},
}
_ANYTHING_EXTRA: dict[str, Any] = {f"^{EXTRA}": {}}


def json_schema() -> dict[str, Any]:
    """The schema, in the draft that editors know best."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Recovery plan of lifeboat.azure_dr",
        **_node(PLAN),
    }


def _node(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "object",
        "properties": {name: _key(key) for name, key in node.keys.items()},
        "patternProperties": _ANYTHING_EXTRA,
        "additionalProperties": False,
    }
    required = [name for name, key in node.keys.items() if key.required]
    if required:
        found["required"] = required
    if node.needs:
        found["dependencies"] = {name: list(others) for name, others in node.needs.items()}
    if node.one_of:
        found["oneOf"] = [{"required": [name]} for name in node.one_of]
    return found


def _key(key: Key) -> dict[str, Any]:
    about = {"description": key.about}
    if key.node is None:
        return {**about, **_plain(key)}
    below = _node(key.node)
    if key.shape == NODES:
        return {**about, "type": "array", "items": below}
    if key.shape == MAP:
        return {**about, "type": "object", "patternProperties": _ANYTHING_EXTRA, "additionalProperties": below}
    return {**about, **below}


def _plain(key: Key) -> dict[str, Any]:
    found = dict(_TYPES[str(key.spec["type"])])
    if "choices" in key.spec:
        found = {"enum": list(key.spec["choices"])}
    if "elements" in key.spec:
        found["items"] = dict(_TYPES[str(key.spec["elements"])])
    if key.pattern:
        found["pattern"] = key.pattern
    if key.default is not None:
        found["default"] = key.default
    return found
