# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Searches outputs for secrets, with the forms that the search over all logs knows (tests/tools/check_secrets.py)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Iterable


def _tool() -> ModuleType:
    file = Path(__file__).parents[2] / "tools" / "check_secrets.py"
    spec = importlib.util.spec_from_file_location("check_secrets", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_TOOL = _tool()


def leaks(outputs: Iterable[str], known: Iterable[str]) -> list[str]:
    """One line for each leak: what it is and the beginning of the line it is in, never the secret itself."""
    secrets = {secret for secret in known if len(secret) >= _TOOL.SHORTEST}
    found = []
    for text in outputs:
        present = {secret for secret in secrets if secret in text}
        found += [f"{kind} in line {number}" for number, kind in _TOOL.findings(text, present)]
    return found
