# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong in a plan: all of it at once, each with the path of its key, such as ``applications[0].waves[1].checks[0].tcp.port``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Union

from .._arm.errors import ArmError

KeyPath = tuple[Union[str, int], ...]

MOST_TOLD = 20


@dataclass(frozen=True)
class Problem:
    """Something wrong at a key; ``line`` is where it is in the file, when there is one."""

    path: KeyPath
    message: str
    line: int | None = None

    @property
    def key(self) -> str:
        return key_text(self.path)

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line else ""
        where = f"{self.key} ({line})" if self.key and line else self.key or line
        return f"{where}: {self.message}" if where else self.message

    def as_dict(self) -> dict[str, Any]:
        return {"key": self.key, "path": list(self.path), "message": self.message, "line": self.line}

    @classmethod
    def of(cls, fields: Mapping[str, Any], line: int | None = None) -> Problem:
        """The problem of ``as_dict``, with a line."""
        return cls(tuple(fields["path"]), fields["message"], line)


class PlanError(ArmError):
    """A plan that cannot be used; ``problems`` says why."""

    code = "InvalidPlan"

    def __init__(self, problems: Iterable[Problem], path: str | None = None) -> None:
        self.problems = list(problems)
        super().__init__(told(self.problems, path), target=path)

    def as_failure(self) -> dict[str, Any]:
        return {**super().as_failure(), "problems": [problem.as_dict() for problem in self.problems]}


def key_text(path: KeyPath) -> str:
    """``("applications", 0, "name")`` as ``applications[0].name``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def told(problems: list[Problem], path: str | None) -> str:
    """One sentence a problem."""
    count = "One thing is" if len(problems) == 1 else f"{len(problems)} things are"
    more = len(problems) - MOST_TOLD
    lines = [str(problem) for problem in problems[:MOST_TOLD]]
    if more > 0:
        lines.append(f"and {more} more")
    return f"{count} wrong in the plan{f' {path}' if path else ''}: " + "; ".join(lines)
