# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan against its schema. Types, choices and what keys are required or exclude each other are checked by Ansible's own argument specs."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Mapping

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._arm.errors import OptionError
from .problems import KeyPath, Problem
from .schema import MAP, NODE, NODES, PLAN, Key, Node

EXTRA = "x-"
"""Keys that begin so are left alone, for YAML anchors."""

_SCALARS = {"str": (str, int, float), "int": (str, int, float), "bool": (str, int, bool)}
_WORDS = {dict: "a mapping", list: "a list", bool: "true or false", type(None): "nothing"}


def check_schema(document: Any) -> tuple[dict[str, Any], list[Problem]]:
    """The plan with all defaults, and what is wrong in it. Only without problems is the plan complete."""
    problems: list[Problem] = []
    return _node(PLAN, document, (), problems), problems


def _node(node: Node, value: Any, path: KeyPath, problems: list[Problem]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        problems.append(Problem(path, f"it must be a mapping, with keys and values, and is {_kind(value)}"))
        return {}
    _unknown(node, value, path, problems)
    # A key without a value is as good as none, as it is for Ansible.
    given = {name: value[name] for name in node.keys if value.get(name) is not None}
    _together(node, given, path, problems)
    return {name: _value(key, name, given.get(name), (*path, name), problems) for name, key in node.keys.items()}


def _unknown(node: Node, value: Mapping[Any, Any], path: KeyPath, problems: list[Problem]) -> None:
    for name in value:
        if name in node.keys or (isinstance(name, str) and name.startswith(EXTRA)):
            continue
        near = get_close_matches(str(name).lower(), node.keys, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(node.keys)}"
        problems.append(Problem((*path, str(name)), f"there is no such key here; {hint}"))


def _together(node: Node, given: Mapping[str, Any], path: KeyPath, problems: list[Problem]) -> None:
    """Which keys must be there, exclude or need each other."""
    validator = ArgumentSpecValidator(
        {name: {"type": "raw", "required": key.required} for name, key in node.keys.items()},
        mutually_exclusive=[node.one_of],
        required_one_of=[node.one_of] if node.one_of else None,
        required_by=node.needs,
    )
    problems += [Problem(path, message) for message in validator.validate(dict(given)).error_messages]


def _value(key: Key, name: str, value: Any, path: KeyPath, problems: list[Problem]) -> Any:
    if key.shape == NODE and key.node is not None:
        return None if value is None else _node(key.node, value, path, problems)
    if key.shape == NODES and key.node is not None:
        return _nodes(key.node, value, path, problems)
    if key.shape == MAP and key.node is not None:
        return _map(key, key.node, name, value, path, problems)
    return key.default if value is None else _plain(key, name, value, path, problems)


def _nodes(node: Node, value: Any, path: KeyPath, problems: list[Problem]) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        problems.append(Problem(path, f"it must be a list, and is {_kind(value)}"))
        return []
    return [_node(node, entry, (*path, number), problems) for number, entry in enumerate(value)]


def _map(key: Key, node: Node, name: str, value: Any, path: KeyPath, problems: list[Problem]) -> dict[str, dict[str, Any]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        problems.append(Problem(path, f"it must be a mapping, of names to what they are, and is {_kind(value)}"))
        return {}
    found: dict[str, dict[str, Any]] = {}
    for entry, below in value.items():
        if isinstance(entry, str) and entry.startswith(EXTRA):
            continue
        _checked(key, name, str(entry), (*path, str(entry)), problems)
        found[str(entry)] = _node(node, below, (*path, str(entry)), problems)
    return found


def _plain(key: Key, name: str, value: Any, path: KeyPath, problems: list[Problem]) -> Any:
    wanted = str(key.spec["type"])
    # Ansible would make text of these, which is never what was meant: `name: on` is a boolean to YAML.
    if wanted in _SCALARS and (not isinstance(value, _SCALARS[wanted]) or (isinstance(value, bool) and wanted != "bool")):
        problems.append(Problem(path, f"it must be {_wanted(wanted)}, and is {_kind(value)}"))
        return None
    if wanted in ("dict", "list") and not isinstance(value, Mapping if wanted == "dict" else list):
        problems.append(Problem(path, f"it must be {_wanted(wanted)}, and is {_kind(value)}"))
        return None
    spec = {word: setting for word, setting in key.spec.items() if word not in ("required", "default")}
    result = ArgumentSpecValidator({name: spec}).validate({name: value})
    if result.error_messages:
        problems += [Problem(path, message) for message in result.error_messages]
        return None
    found = result.validated_parameters[name]
    return found if _checked(key, name, found, path, problems) else None


def _checked(key: Key, name: str, value: Any, path: KeyPath, problems: list[Problem]) -> bool:
    if key.check is None:
        return True
    try:
        key.check(value, name)
    except OptionError as error:
        problems.append(Problem(path, error.message.removeprefix(f"{error.option}: ")))
        return False
    return True


def _wanted(kind: str) -> str:
    return {"str": "text", "int": "a whole number", "bool": "true or false", "dict": "a mapping", "list": "a list"}[kind]


def _kind(value: Any) -> str:
    for kind, words in _WORDS.items():
        if isinstance(value, kind):
            return f"{words}; put it in quotes" if kind is bool else words
    return f"{str(value)[:60]!r}"
