# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the file of a recovery plan and the inventory groups in it, on the controller, and says in which lines it is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action.normal import ActionModule as NormalActionModule

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OptionError
from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.plan_file import MOST_BYTES, PlanFile

_VM_ID = ("vm_id", "id")
_GROUP = "resource_group"


class ActionModule(NormalActionModule):
    """Found by its file's name."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> Any:
        given = self._task.args
        plan: PlanFile | None = None
        try:
            more: dict[str, Any] = {}
            if given.get("path"):
                plan = self._read(given)
                more = {"path": plan.path, "plan": plan.document}
                if given.get("groups") is None:
                    more["groups"] = {name: _hosts(name, task_vars) for name in plan.groups() if name in task_vars["groups"]}
            self._task.args = {**given, **more}
            result = super().run(tmp, task_vars)
        except ArmError as error:
            return _failed(error)
        finally:
            self._task.args = given
        problems = (result.get("failure") or {}).get("problems") if plan else None
        if plan is None or not problems:
            return result
        # Newer Ansible shows what the module said, which knows no lines, from `exception`.
        return {**{name: value for name, value in result.items() if name != "exception"}, **_failed(plan.located(problems))}

    def _read(self, given: Mapping[str, Any]) -> PlanFile:
        if given.get("plan") is not None:
            raise OptionError("plan", "give either this or path, not both")
        path = self._found(str(given["path"]))
        real = None
        try:
            # A file that is encrypted as a whole is decrypted into a temporary one.
            real = self._loader.get_real_file(path)
            with open(real, "rb") as stream:
                return PlanFile(path, stream.read(MOST_BYTES + 1))
        except OSError as error:
            raise OptionError("path", f"{path} cannot be read: {error.strerror}") from None
        except AnsibleError as error:
            raise OptionError("path", f"{path} cannot be read: {error}") from None
        finally:
            if real is not None and real != path:
                self._loader.cleanup_tmp_file(real)

    def _found(self, text: str) -> str:
        """The file, from where ansible-playbook was started, or else beside the playbook."""
        wanted = os.path.expanduser(text)
        places = list(dict.fromkeys(os.path.abspath(os.path.join(base, wanted)) for base in (os.getcwd(), self._loader.get_basedir())))
        found = next((place for place in places if os.path.exists(place)), None)
        if found is None:
            raise OptionError("path", f"there is no file {' nor '.join(places)}")
        if not os.path.isfile(found):
            raise OptionError("path", f"{found} is no file")
        return found


def _hosts(group: str, task_vars: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The hosts of an inventory group, with the variables that tell which VMs they are."""
    found: list[dict[str, Any]] = []
    for host in task_vars["groups"][group]:
        own = task_vars["hostvars"][host]
        try:
            vm_id = next((str(own[name]) for name in _VM_ID if own.get(name)), None)
            found.append({"name": str(host), "id": vm_id, _GROUP: str(own[_GROUP]) if own.get(_GROUP) else None})
        except AnsibleError as error:
            raise OptionError("groups", f"the variables of the host {host} cannot be read: {error}") from None
    return found


def _failed(error: ArmError) -> dict[str, Any]:
    return {"failed": True, "changed": False, "msg": str(error), "failure": error.as_failure()}
