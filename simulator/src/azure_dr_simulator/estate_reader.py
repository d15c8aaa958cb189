# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads one mapping of the estate file: typed values, and an error that names the place for anything else."""

from __future__ import annotations

import uuid
from typing import Any, Mapping


class EstateError(ValueError):
    """The estate file is wrong; `place` is a path such as `virtual_machines[2].os`."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place


class Reader:
    """Takes keys out of a mapping; `done()` complains about keys nobody took."""

    def __init__(self, document: Any, where: str) -> None:
        if not isinstance(document, Mapping):
            raise EstateError(where, "must be a mapping")
        self._document = document
        self._where = where
        self._taken: set[str] = set()

    def place(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key

    def value(self, key: str) -> Any:
        self._taken.add(key)
        return self._document.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.value(key)
        if value is None:
            if default is None:
                raise EstateError(self.place(key), "is required")
            return default
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise EstateError(self.place(key), "must be text")
        return str(value)

    def guid(self, key: str, default: str) -> str:
        text = self.text(key, default)
        try:
            return str(uuid.UUID(text))
        except ValueError:
            raise EstateError(self.place(key), f"'{text}' is no GUID") from None

    def choice(self, key: str, default: str, allowed: tuple[str, ...]) -> str:
        text = self.text(key, default)
        if text not in allowed:
            raise EstateError(self.place(key), f"'{text}' must be one of {', '.join(repr(one) for one in allowed)}")
        return text

    def number(self, key: str, default: int | None = None) -> int:
        value = self.value(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise EstateError(
                self.place(key), "must be a whole number, 0 or more" if value is not None else "is required"
            )
        return value

    def amount(self, key: str, default: float | None = None) -> float:
        """A number with or without a fraction."""
        value = self.value(key)
        if value is None:
            if default is None:
                raise EstateError(self.place(key), "is required")
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise EstateError(self.place(key), "must be a number, 0 or more")
        return float(value)

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.value(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise EstateError(self.place(key), "must be true or false")
        return value

    def values(self, key: str) -> list[Any]:
        value = self.value(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise EstateError(self.place(key), "must be a list")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.values(key)
        if not all(isinstance(value, (str, int)) for value in values):
            raise EstateError(self.place(key), "must be a list of texts")
        return tuple(str(value) for value in values)

    def items(self, key: str) -> list[Reader]:
        """The mappings of a list, each a reader that knows its index."""
        return [Reader(value, self.place(f"{key}[{index}]")) for index, value in enumerate(self.values(key))]

    def tags(self) -> dict[str, str]:
        value = self.value("tags")
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise EstateError(self.place("tags"), "must be a mapping")
        return {str(key): str(text) for key, text in value.items()}

    def done(self) -> None:
        unknown = sorted(str(key) for key in self._document if key not in self._taken)
        if unknown:
            raise EstateError(self.place(unknown[0]), "is not a known key")
