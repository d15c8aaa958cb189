# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The glue between Ansible and the rooms: argument-spec pieces, the client, results, and the one place where an error becomes fail_json.

A module is `run(spec, body)`: `body(task)` returns what to exit with, or raises ArmError.
"""

from __future__ import annotations

import math
import os
from functools import cached_property
from typing import Any, Callable, Iterable, Mapping, Sequence

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import AnsibleFallbackNotFound

from ._apis import API_NAMES
from ._arm.auth.options import AUTH_SOURCES, ENVIRONMENT, first_set
from ._arm.client import ArmClient
from ._arm.clock import Clock, SystemClock
from ._arm.connect import connect
from ._arm.errors import ArmError, OptionError, defect
from ._fleet import Vm, VmReport, parse_vms
from ._options import check_subscription
from ._progress import Progress
from ._waiting import Waiting

Spec = dict[str, dict[str, Any]]

FAILURES_IN_MESSAGE = 5
VMS_IN_WARNING = 5


def from_environment(*names: str) -> str:
    """Fallback of an option. Asked for by the argument spec, so that Ansible knows a secret from the environment and masks it."""
    value = first_set(names, os.environ)
    if value is None:
        raise AnsibleFallbackNotFound
    return value


def _option(option: str, **more: Any) -> dict[str, Any]:
    return {"type": "str", "fallback": (from_environment, list(ENVIRONMENT[option])), **more}


AUTH: Spec = {
    "subscription_id": _option("subscription_id"),
    "client_id": _option("client_id"),
    "secret": _option("secret", no_log=True),
    "tenant": _option("tenant"),
    "x509_certificate_path": _option("x509_certificate_path", type="path"),
    "auth_source": _option("auth_source", choices=list(AUTH_SOURCES)),
    "access_token": _option("access_token", no_log=True),
    "cloud_environment": _option("cloud_environment"),
    "ca_path": _option("ca_path", type="path"),
    "api_versions": {"type": "dict", "default": {}},
}

VM: Spec = {
    "vm": {"type": "list", "elements": "str", "required": True},
    "vm_resource_group": {"type": "str"},
}

VAULT: Spec = {
    "vault": {"type": "str"},
    "resource_group": {"type": "str"},
}


def waiting_options(timeout: int, interval: float) -> Spec:
    """For a module that always waits, or with other defaults than WAIT."""
    return {"wait_timeout": {"type": "int", "default": timeout}, "poll_interval": {"type": "float", "default": interval}}


WAIT: Spec = {"wait": {"type": "bool", "default": True}, **waiting_options(14400, 30.0)}


class Task:
    """One run of a module: its parameters and the one client it uses."""

    def __init__(self, module: AnsibleModule, hints: Mapping[str, str], clock: Clock | None = None) -> None:
        self.module = module
        self.params: dict[str, Any] = module.params
        self.check_mode: bool = module.check_mode
        self.diff: bool = module._diff
        self.clock: Clock = clock or SystemClock()
        self._hints = hints
        self._started = self.clock.monotonic()

    @cached_property
    def client(self) -> ArmClient:
        """Made at first use, so that bad input fails before any request."""
        return connect(self.params, read_only=self.check_mode, hints=self._hints, clock=self.clock)

    @property
    def subscription(self) -> str:
        """The subscription that names belong to; raises OptionError when it is none that Azure could know."""
        return check_subscription(self.client.subscription_id, "subscription_id")

    @property
    def waits(self) -> bool:
        return bool(self.params.get("wait", True))

    @property
    def poll_interval(self) -> float:
        return float(self.params["poll_interval"])

    @property
    def time_left(self) -> float:
        """Seconds of wait_timeout that are left, counted from the start of the task; never below 0."""
        spent = self.clock.monotonic() - self._started
        return max(0.0, float(self.params["wait_timeout"]) - spent)

    @property
    def waiting(self) -> Waiting:
        """How this task waits, as its options say."""
        return Waiting(self.waits, self.poll_interval, lambda: self.time_left, self.progress)

    def vms(self) -> list[Vm]:
        return self.vms_of(self.params["vm"])

    def vms_of(self, names: Sequence[str]) -> list[Vm]:
        """The VMs of an option: ids, which say their subscription, or names in that of the credentials and `vm_resource_group`."""
        subscription = "" if all(text.strip().startswith("/") for text in names) else self.subscription
        return parse_vms(names, self.params.get("vm_resource_group"), subscription)

    def warn(self, text: str) -> None:
        self.module.warn(text)

    @cached_property
    def _progress(self) -> Progress:
        return Progress(self.module.tmpdir)

    def progress(self, done: int, total: int, text: str) -> None:
        """Tells whoever watches the run how far it is: ``done`` of ``total``, and one short line, without secrets, about the rest."""
        self._progress.say(done, total, text)


def check_waiting(params: Mapping[str, Any]) -> None:
    """Raises OptionError for a time that nothing can be waited for: none at all, less, or no number."""
    timeout = params.get("wait_timeout")
    if timeout is not None and timeout < 1:
        instead = ", or wait=false to wait for nothing" if "wait" in params else ""
        raise OptionError("wait_timeout", f"{timeout} is not a time to wait: give at least 1 second{instead}")
    interval = params.get("poll_interval")
    if interval is not None and not (math.isfinite(interval) and interval > 0):
        raise OptionError("poll_interval", f"{interval:g} is not a pause between two looks: give more than 0 seconds")


def check_api_names(params: Mapping[str, Any]) -> None:
    """Raises OptionError for an API that no module calls: overriding it would do nothing."""
    for name in params.get("api_versions") or {}:
        if name not in API_NAMES:
            raise OptionError("api_versions", f"{name!r} is not the name of an API that this collection calls: {', '.join(sorted(API_NAMES))}")


def run(
    argument_spec: Spec,
    body: Callable[[Task], dict[str, Any]],
    *,
    hints: Mapping[str, str],
    azure: bool = True,
    **module_options: Any,
) -> None:
    """Runs a module: `body` returns the result, with `failed: true` and `msg` when it failed in part. Without `azure` it takes no credentials."""
    module = AnsibleModule(argument_spec={**(AUTH if azure else {}), **argument_spec}, supports_check_mode=True, **module_options)
    task = Task(module, hints)
    problem: ArmError | None = None
    result: dict[str, Any] = {}
    try:
        check_waiting(module.params)
        check_api_names(module.params)
        result = body(task)
    except ArmError as error:
        problem = error
    except Exception as error:  # a defect of ours, or an answer of a shape that nobody has seen: told in words as well
        problem = defect(error)
    # Outside the handler, so that Ansible attaches no traceback to a failure that is explained in words.
    if problem is not None:
        module.fail_json(msg=str(problem), failure=problem.as_failure(), changed=False)
    if result.get("failed"):
        module.fail_json(**{name: value for name, value in result.items() if name != "failed"})
    module.exit_json(**result)


def resource_result(
    task: Task,
    facts: Mapping[str, Any],
    *,
    changed: bool,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    warnings: Iterable[str] = (),
    failure: ArmError | None = None,
) -> dict[str, Any]:
    """The result of a module that works on one resource: `changed`, the facts, `diff`, and `failed` with `msg` and `failure` when it failed."""
    result: dict[str, Any] = {"changed": changed, **facts}
    if task.diff:
        result["diff"] = {"before": dict(before), "after": dict(after)}
    for text in warnings:
        task.warn(text)
    if failure is not None:
        result.update(failed=True, msg=str(failure), failure=failure.as_failure())
    return result


def fleet_result(task: Task, reports: Sequence[VmReport]) -> dict[str, Any]:
    """The result of a module that works on VMs: `changed`, `vms`, `diff`, and `failed` with `msg` when any VM failed."""
    result: dict[str, Any] = {
        "changed": any(report.changed for report in reports),
        "vms": [report.as_result() for report in reports],
    }
    if task.diff:
        result["diff"] = fleet_diff(reports)
    for text in fleet_warnings(reports):
        task.warn(text)
    failed = [report for report in reports if report.failure]
    if failed:
        result.update(failed=True, msg=failure_message(failed, len(reports)))
    return result


def fleet_warnings(reports: Sequence[VmReport]) -> list[str]:
    """One sentence a warning, with the VMs that it is about; what is the same for many is said once."""
    names: dict[str, list[str]] = {}
    for report in reports:
        for text in report.warnings:
            names.setdefault(text, []).append(report.vm.name)
    return [f"{_some(of)}: {text}" for text, of in names.items()]


def _some(names: Sequence[str]) -> str:
    more = len(names) - VMS_IN_WARNING
    return ", ".join(names[:VMS_IN_WARNING]) + (f" and {more} more" if more > 0 else "")


def fleet_diff(reports: Sequence[VmReport]) -> dict[str, Any]:
    """`before` and `after` of the VMs that change, by VM id."""
    changing = [report for report in reports if report.changed]
    return {
        "before": {report.vm.id: report.before for report in changing},
        "after": {report.vm.id: report.after for report in changing},
    }


def failure_message(failed: Sequence[VmReport], total: int) -> str:
    """One sentence a failed VM, for the first few; the rest are in `vms`."""
    shown = [f"{report.vm.name}: {_sentence(report.failure or {})}" for report in failed[:FAILURES_IN_MESSAGE]]
    more = len(failed) - len(shown)
    tail = f" And {more} more, each in 'vms'." if more > 0 else ""
    return f"{len(failed)} of {total} VMs failed. " + " ".join(shown) + tail


def _sentence(failure: Mapping[str, Any]) -> str:
    said = f"{failure.get('code', 'Error')}: {failure.get('message', '')}".strip()
    parts = [said if said.endswith((".", "!", "?", ")")) else f"{said}."]
    if failure.get("operation"):
        parts.append(f"Operation: {failure['operation']}.")
    if failure.get("request_id"):
        parts.append(f"Request id: {failure['request_id']}.")
    if failure.get("hint"):
        parts.append(str(failure["hint"]))
    return " ".join(parts)
