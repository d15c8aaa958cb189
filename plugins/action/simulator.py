# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells the module of this name what only the controller knows: which process ansible-playbook is, and what is installed beside its Python."""

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.action.normal import ActionModule as NormalActionModule

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._simulator.process import find_executable


class ActionModule(NormalActionModule):
    """Found by its file's name."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> Any:
        given = self._task.args
        try:
            more: dict[str, Any] = {}
            if str(given.get("state") or "started") == "started":
                more["executable"] = find_executable(given.get("executable"))
            if given.get("stop_with") is None:
                # A task runs in a process of its own, whose parent is ansible-playbook.
                more["stop_with"] = os.getppid()
            self._task.args = {**given, **more}
            return super().run(tmp, task_vars)
        except ArmError as error:
            return {"failed": True, "changed": False, "msg": str(error), "failure": error.as_failure()}
        finally:
            self._task.args = given
