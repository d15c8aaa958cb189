# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recovery plan's file: read on the controller, with the line of every key at hand for what turns out to be wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.problems import KeyPath, PlanError, Problem

MOST_BYTES = 10 * 1024 * 1024
"""Far more than a plan of thousands of VMs has."""

_VAULT = "!vault"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without times: a tag's value such as 2026-06-01 is text."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class PlanFile:
    """A file that was read: ``document``, and where things are in it."""

    def __init__(self, path: str, content: bytes) -> None:
        """Raises PlanError for what is no YAML, or more than YAML's plain text, numbers, lists and mappings."""
        self.path = path
        self._root, self.document = _parsed(path, _decoded(path, content))

    def line(self, path: Sequence[str | int]) -> int | None:
        """The line of a key, or of the last part of its path that is there."""
        node, line = self._root, None
        for part in path:
            step = _step(node, part)
            if step is None:
                break
            node, line = step
        return line

    def located(self, problems: Sequence[Mapping[str, Any]]) -> PlanError:
        """What a module found to be wrong, with lines."""
        return PlanError([Problem.of(problem, self.line(problem["path"])) for problem in problems], self.path)

    def groups(self) -> list[str]:
        """The inventory groups that the plan names; whatever else is wrong in it, the module will say."""
        found: dict[str, None] = {}
        for application in _entries(self.document, "applications"):
            for wave in _entries(application, "waves"):
                for machine in _entries(wave, "virtual_machines"):
                    if isinstance(machine, Mapping) and isinstance(machine.get("group"), str):
                        found[machine["group"]] = None
        return list(found)


def _entries(value: Any, name: str) -> list[Any]:
    below = value.get(name) if isinstance(value, Mapping) else None
    return below if isinstance(below, list) else []


def _decoded(path: str, content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise PlanError([Problem((), f"the file has {len(content)} bytes, which is no plan: {MOST_BYTES} are the most")], path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PlanError([Problem((), "the file is not in UTF-8; save it in this encoding", line)], path) from None


def _parsed(path: str, text: str) -> tuple[Any, Any]:
    loader = None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise PlanError([Problem((), "the file is empty")], path)
        secret = _encrypted(root)
        if secret is not None:
            hint = "a plan is shown in results and reports, so no secret belongs into it; set it as a variable of the inventory or of the job"
            raise PlanError([Problem((), f"a value is encrypted with Ansible Vault; {hint}", secret)], path)
        twice = _twice(root)
        if twice:
            raise PlanError(twice, path)
        return root, json.loads(json.dumps(loader.construct_document(root), allow_nan=False))
    except yaml.YAMLError as error:
        raise PlanError([_problem(error)], path) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise PlanError([Problem((), f"there is more in it than text, numbers, lists and mappings: {error}")], path) from None
    finally:
        if loader is not None:
            loader.dispose()


def _problem(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    words = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    context = getattr(error, "context", None)
    said = f"{context}, {words}" if context else words
    place = f", column {mark.column + 1}" if mark else ""
    return Problem((), f"this is not YAML: {said}{place}", mark.line + 1 if mark else None)


def _nodes(root: Any) -> Iterator[tuple[Any, KeyPath]]:
    """Every node once, also when there are aliases for it, with its path."""
    seen: set[int] = set()
    waiting: list[tuple[Any, KeyPath]] = [(root, ())]
    while waiting:
        node, path = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node, path
        if isinstance(node, yaml.MappingNode):
            waiting += [(value, (*path, str(key.value))) for key, value in reversed(node.value)]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(value, (*path, number)) for number, value in reversed(list(enumerate(node.value)))]


def _encrypted(root: Any) -> int | None:
    """The line of the first encrypted value."""
    return next((int(node.start_mark.line) + 1 for node, _path in _nodes(root) if node.tag == _VAULT), None)


def _twice(root: Any) -> list[Problem]:
    """Keys that a mapping has twice, of which YAML would take the last without a word."""
    found: list[Problem] = []
    for node, path in _nodes(root):
        if not isinstance(node, yaml.MappingNode):
            continue
        lines: dict[str, int] = {}
        for key, _value in node.value:
            name, line = str(key.value), int(key.start_mark.line) + 1
            if name in lines:
                found.append(Problem((*path, name), f"this key is there already, in line {lines[name]}", line))
            lines.setdefault(name, line)
    return found


def _step(node: Any, part: str | int) -> tuple[Any, int] | None:
    """What is below a node, and its line."""
    if isinstance(part, int):
        if isinstance(node, yaml.SequenceNode) and part < len(node.value):
            return node.value[part], node.value[part].start_mark.line + 1
        return None
    if not isinstance(node, yaml.MappingNode):
        return None
    # What `<<` brought in stands before the mapping's own keys.
    for key, value in reversed(node.value):
        if isinstance(key, yaml.ScalarNode) and key.value == part:
            return value, key.start_mark.line + 1
    return None
