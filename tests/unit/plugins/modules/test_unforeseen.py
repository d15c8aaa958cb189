# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nothing foresaw is told in words, not as a traceback."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.modules import drill_cleanup
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module


class StrangeClient:
    """Azure answers in a shape that nobody has seen."""

    subscription_id = "00000000-0000-0000-0000-000000000001"

    def list(self, *_args: Any, **_params: Any) -> Any:
        return iter([{"identifier": "an entry without an id"}])


def test_an_answer_of_an_unknown_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_module(monkeypatch, drill_cleanup, StrangeClient(), tags={"drill": "d1"})
    assert result["failed"] and result["failure"]["code"] == "UnexpectedError"
    assert "KeyError: 'id' (cleanup.py, line " in result["msg"]
    assert "exception" not in result
