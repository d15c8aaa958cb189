# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module's main() in this process, with a client that is given instead of one that is connected."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils import basic

from ansible_collections.lifeboat.azure_dr.plugins.module_utils import _module


class Exit(Exception):
    """The module has ended with this result."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(json.dumps(result, default=str))
        self.result = result


def run_module(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, client: Any, *, check: bool = False, diff: bool = False, **params: Any
) -> dict[str, Any]:
    """The module's result, with ``failed`` and ``warnings``; ``params`` are its options. ``client.read_only`` is set as a real one's would be."""
    arguments = {**params, "_ansible_check_mode": check, "_ansible_diff": diff, "_ansible_remote_tmp": "/tmp", "_ansible_keep_remote_files": False}
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    warnings: list[str] = []

    def connect(_params: Any, *, read_only: bool, hints: Any, clock: Any) -> Any:
        client.read_only = read_only
        client.hints = hints
        return client

    def exit_json(_module: Any, **result: Any) -> None:
        raise Exit({"failed": False, "warnings": warnings, **result})

    def fail_json(_module: Any, msg: str, **result: Any) -> None:
        raise Exit({"failed": True, "warnings": warnings, "msg": msg, **result})

    monkeypatch.setattr(_module, "connect", connect)
    monkeypatch.setattr(basic.AnsibleModule, "exit_json", exit_json)
    monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail_json)
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, text: warnings.append(text))
    with pytest.raises(Exit) as caught:
        module.main()
    return caught.value.result
