# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the report of a run. It works on the controller, where the records, the template of the page and the people who read it are."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Callable, Mapping

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.path import unfrackpath
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OptionError, defect
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.badge import as_endpoint, as_svg, badge_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.document import NoRecord, as_json, report_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.junit import as_junit
from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.report_files import Record, differs, read_record, records_in, write
from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.report_render import as_html

FORMATS: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "html": (".html", as_html),
    "json": (".report.json", as_json),
    "junit": (".junit.xml", as_junit),
}
BADGE = "badge"
PLAN_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")

SPEC: dict[str, dict[str, Any]] = {
    "record": {"type": "path"},
    "reports": {"type": "path"},
    "plan_name": {"type": "str"},
    "plan_hash": {"type": "str"},
    "dest": {"type": "path"},
    "formats": {"type": "list", "elements": "str", "choices": [*FORMATS, BADGE], "default": [*FORMATS, BADGE]},
}


class ActionModule(ActionBase):
    """Found by its file's name."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        return self.report()

    def report(self) -> dict[str, Any]:
        """The result of the task."""
        problem: ArmError | None = None
        try:
            given = ArgumentSpecValidator(SPEC).validate(self._task.args)
            if given.error_messages:
                raise ArmError("; ".join(given.error_messages), code=OptionError.code)
            return self._report(given.validated_parameters)
        except ArmError as error:
            problem = error
        except Exception as error:  # a defect of ours, or a record of a shape that nobody has seen: told in words as well
            problem = defect(error)
        return {"failed": True, "changed": False, "msg": str(problem), "failure": problem.as_failure()}

    def _report(self, params: Mapping[str, Any]) -> dict[str, Any]:
        path, record, records = self._choose(params)
        dest = path_of(params["dest"]) or (path.parent if path else path_of(params["reports"]))
        if dest is None:
            raise OptionError("dest", "give the folder for the files")
        files: dict[str, tuple[Path, str]] = {}
        result: dict[str, Any] = {"record": None, "id": None, "verdict": None, "badge": None}
        if path and record:
            report = report_of(record)
            for name, (ending, make) in FORMATS.items():
                if name in params["formats"]:
                    files[name] = (dest / (path.stem + ending), make(report))
            result.update(record=str(path), id=record["id"], verdict=report["verdict"])
        if BADGE in params["formats"]:
            plan = record["plan"] if record else {}
            name, plan_hash = params["plan_name"] or check_name(str(plan.get("name")), "record"), params["plan_hash"] or str(plan.get("hash"))
            badge = badge_of(records, name, plan_hash)
            files["badge_svg"] = (dest / f"{name}.badge.svg", as_svg(badge))
            files["badge_json"] = (dest / f"{name}.badge.json", as_endpoint(badge))
            result["badge"] = badge.as_result()
        return {**result, **self._write(files)}

    def _write(self, files: Mapping[str, tuple[Path, str]]) -> dict[str, Any]:
        new = {name: (path, text) for name, (path, text) in files.items() if differs(path, text)}
        result: dict[str, Any] = {"changed": bool(new), "files": {name: str(path) for name, (path, text) in files.items()}}
        if self._task.diff:
            result["diff"] = {
                "before": {str(path): _digest(path.read_bytes()) if path.is_file() else None for path, text in new.values()},
                "after": {str(path): _digest(text.encode()) for path, text in new.values()},
            }
        if not self._task.check_mode:
            for path, text in new.values():
                write(path, text)
        return result

    def _choose(self, params: Mapping[str, Any]) -> tuple[Path | None, Record | None, list[Record]]:
        """The record to report, and all records beside it."""
        name, given, folder = params["plan_name"], path_of(params["record"]), path_of(params["reports"])
        if name is not None:
            check_name(name, "plan_name")
        if given is None and folder is None:
            raise OptionError("record", "give the record of a run, or with 'reports' the folder that has the records")
        # The chosen one first: what is wrong with it must be told even where the folder cannot be read.
        chosen = None if given is None else read_record(given, "record")
        if chosen is not None and name and chosen["plan"].get("name") != name:
            raise OptionError("record", f"{given} is of the plan {chosen['plan'].get('name')!r}, not of {name!r}, which 'plan_name' names")
        where = folder or (given.parent if given else Path())
        found, passed_over = records_in(where)
        for words in passed_over:
            Display().warning(f"{words} It was passed over.")
        records = [record for path, record in found]
        if given is not None:
            return given, chosen, records if any(path == given for path, record in found) or chosen is None else [*records, chosen]
        fitting = [(path, record) for path, record in found if not name or record["plan"].get("name") == name]
        if fitting:
            return (*fitting[-1], records)
        if name and params["plan_hash"] and BADGE in params["formats"]:
            Display().warning(f"{where} has no record of the plan {name}, so there is only a badge.")
            return None, None, records
        hint = "Run lifeboat.azure_dr.drill or lifeboat.azure_dr.rehearse first. For the badge of a plan that was never drilled, give plan_name and plan_hash."
        raise NoRecord(f"{where} has no record of a run{' of the plan ' + name if name else ''}.", target=str(where), hint=hint)


def path_of(text: str | None) -> Path | None:
    """A relative path starts where ansible-playbook was started."""
    return Path(unfrackpath(text, follow=False)) if text else None


def check_name(name: str, option: str) -> str:
    """The name of a plan, of which the badge's file has its name; raises OptionError for what could lead out of its folder."""
    if not PLAN_NAME.match(name):
        raise OptionError(option, f"{name[:80]!r} is not the name of a plan: letters, digits, '.', '_' and '-'")
    return name


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()
