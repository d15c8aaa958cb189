# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of runs as they could be, of any size: the same arguments give the same record. For tests and for the picture in the documentation."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, Iterator

SPEED = 60
DECLARED = datetime(2026, 6, 1, 8, 0, tzinfo=timezone.utc)
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
HASH = "sha256:5b0c4f7d9e2a61c83d7f1b2e4a6c8d0f9e1a3b5c7d9f0e2a4b6c8d0e1f3a5b7c"

THROTTLED = {
    "code": "UserErrorTargetSubnetIsFull",
    "message": "The subnet isolated of vnet-drill has no free address for the network interface of the virtual machine.",
    "status": 400,
    "request_id": "6f0c2c0e-7c1e-4a53-9a0f-0d2a5a4f9f11",
    "operation": "POST restore",
    "hint": "Give the target network a larger subnet, or spread the waves over several, and run the drill again.",
}
GONE = {
    "code": "UserErrorRecoveryPointNotFound",
    "message": "The recovery point was removed by the policy's retention between the readiness check and the restore.",
    "request_id": "b1a7f3d2-02f4-4f0e-8c55-3f2f0c9e7a20",
    "operation": "POST restore",
    "hint": "Run readiness again; it names the newest recovery point that is left.",
}

SMALL = (
    ("office", "identity", 1, 2, ()),
    ("shop", "data", 2, 4, ("office/identity",)),
    ("shop", "services", 3, 5, ("shop/data",)),
    ("office", "files", 2, 4, ("office/identity",)),
    ("shop", "web", 4, 5, ("shop/services",)),
)
"""Waves: application, name, stage, VMs, after."""


def text(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def vm_id(name: str, group: str = "rg-prod") -> str:
    return f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"


def many_waves(vms: int, applications: int = 8, tiers: int = 3) -> tuple[tuple[str, str, int, int, tuple[str, ...]], ...]:
    """So many VMs, spread over applications with tiers one after the other."""
    names = ("orders", "billing", "warehouse", "identity", "portal", "reports", "mail", "archive", "payroll", "search")
    waves = []
    share, rest = divmod(vms, applications * tiers)
    for number in range(applications * tiers):
        application, tier = names[number // tiers % len(names)], ("data", "services", "web", "edge")[number % tiers]
        after = (f"{application}/{waves[-1][1]}",) if number % tiers else ()
        waves.append((application, tier, number % tiers + 1, share + (1 if number < rest else 0), after))
    return tuple(sorted(waves, key=lambda wave: wave[2]))


def build(
    waves: tuple[tuple[str, str, int, int, tuple[str, ...]], ...] = SMALL,
    *,
    failing: bool = False,
    simulated: bool = False,
    purpose: str = "drill",
    seed: int = 7,
    run_id: str = "drill-20260601t080000z",
) -> dict[str, Any]:
    """A finished run of these waves. ``failing``: some VMs, a check and an objective fail, a wave is declined and what depends on it halts."""
    dice = Random(seed)
    applications = list(dict.fromkeys(wave[0] for wave in waves))
    built = list(_waves(waves, dice, failing, applications))
    ends = [wave["finished"] for wave in built if wave["started"]]
    finished = max(ends)
    if simulated:
        for service in (service for wave in built for service in wave["services"]):
            service["seconds"] = service["seconds"] / SPEED if service["seconds"] else None
    names = [vm["recovered"]["name"] for wave in built for vm in wave["vms"] if vm["action"]]
    objectives = {"rto_seconds": 3600 * (2 if failing else 4), "rpo_seconds": 3600 * 24}
    return {
        "version": 1,
        "id": run_id,
        "purpose": purpose,
        "environment": "simulator" if simulated else "azure",
        "clock": {"kind": "simulated", "speed": SPEED} if simulated else {"kind": "wall", "speed": 1},
        "plan": {
            "name": "shop-and-office" if len(built) < 10 else "whole-estate",
            "hash": HASH,
            "path": "plans/recovery.yml",
            "objectives": objectives,
            "applications": [{"name": name, "objectives": objectives, "on_failure": "halt"} for name in applications],
        },
        "run": {
            "state": "finished",
            "started": text(DECLARED + timedelta(seconds=20)),
            "finished": finished,
            "declared": text(DECLARED),
            "by": "dr-automation",
            "host": "awx-task-0",
            "job": {"id": "4711", "name": "Quarterly drill", "url": "https://awx.example.com/#/jobs/playbook/4711"},
            "versions": {"collection": "0.1.0", "ansible_core": "2.19.0", "python": "3.12.3"},
            "attempts": [{"started": text(DECLARED + timedelta(seconds=20)), "finished": finished}],
        },
        "waves": built,
        "readiness": readiness(applications),
        "cleanup": cleanup(names, finished) if purpose == "drill" else {"state": "not_needed", "removed": [], "left": []},
        "verdict": {"result": "running", "reasons": []},
    }


def _waves(waves: tuple[tuple[str, str, int, int, tuple[str, ...]], ...], dice: Random, failing: bool, applications: list[str]) -> Iterator[dict[str, Any]]:
    begins: dict[int, datetime] = {1: DECLARED + timedelta(seconds=40)}
    halted: set[str] = set()
    last = {wave[0]: wave[1] for wave in waves}
    for application, name, stage, size, after in waves:
        start = begins.setdefault(stage, max(begins.values()))
        wave_id = f"{application}/{name}"
        wave = _wave(wave_id, application, name, stage, size, after, start, dice)
        first = application == applications[0]
        if first and stage == 3 or wave_id == "shop/services":
            _pause(wave, start)
        if failing and any(before in halted for before in after):
            halted.add(wave_id)
            _halt(wave, after[0])
        elif failing and application == applications[-1] and name == last[application]:
            halted.add(wave_id)
            _decline(wave, start)
        elif failing and (stage == 1 or wave_id == "shop/data"):
            _fail(wave, dice)
        end = wave.pop("end")
        begins[stage + 1] = max(begins.get(stage + 1, end), end)
        yield wave


def _wave(wave_id: str, application: str, name: str, stage: int, size: int, after: tuple[str, ...], start: datetime, dice: Random) -> dict[str, Any]:
    vms = [_vm(f"{application}-{name}-{number:02}", start, dice) for number in range(1, size + 1)]
    restored = max(datetime.fromisoformat(vm["finished"].replace("Z", "+00:00")) for vm in vms) + timedelta(seconds=25)
    end = restored + timedelta(seconds=dice.randint(30, 110))
    steps = [{"name": "restore", "started": text(start), "finished": text(restored)}]
    services = []
    if wave_id == "shop/services":
        note = "Brought into the service apim-drill of the drill's own group."
        services.append(_service("apim-shop", "apim-drill", start, start + timedelta(minutes=27), note))
        steps.append({"name": "api_management", "started": text(start), "finished": text(start + timedelta(minutes=27))})
        restored = max(restored, start + timedelta(minutes=27))
        end = restored + timedelta(seconds=70)
    steps.append({"name": "checks", "started": text(restored), "finished": text(end)})
    return {
        "id": wave_id,
        "application": application,
        "name": name,
        "stage": stage,
        "after": list(after),
        "on_failure": "halt",
        "state": "done",
        "reason": None,
        "started": text(start),
        "finished": text(end),
        "end": end,
        "pause": None,
        "steps": steps,
        "vms": vms,
        "services": services,
        "checks": [_check(vm, kind, restored, dice) for kind in ("tcp", "boot_diagnostics") for vm in vms],
    }


def _vm(name: str, start: datetime, dice: Random) -> dict[str, Any]:
    began = start + timedelta(seconds=dice.randint(4, 40))
    ended = began + timedelta(seconds=int(dice.lognormvariate(6.7, 0.28)))
    return {
        "id": vm_id(name),
        "name": name,
        "priority": 100,
        "recovered": {"id": vm_id("drill-" + name, "rg-drill"), "name": "drill-" + name},
        "from": "vault",
        "recovery_point": {"name": str(dice.randint(10**14, 10**15)), "time": text(DECLARED - timedelta(minutes=dice.randint(40, 1200)))},
        "action": "started",
        "changed": True,
        "failed": False,
        "failure": None,
        "job_id": f"00000000-0000-0000-0000-{dice.randint(0, 10**12 - 1):012}",
        "started": text(began),
        "finished": text(ended),
        "seconds": (ended - began).total_seconds(),
    }


def _service(name: str, standby: str, start: datetime, end: datetime, note: str) -> dict[str, Any]:
    return {
        "name": name,
        "standby": standby,
        "backup": {"name": f"{name}-20260601T020000Z", "time": text(DECLARED - timedelta(hours=6))},
        "validate_only": False,
        "action": "started",
        "changed": True,
        "failed": False,
        "failure": None,
        "started": text(start),
        "finished": text(end),
        "seconds": (end - start).total_seconds(),
        "note": note,
    }


def _check(vm: dict[str, Any], kind: str, start: datetime, dice: Random) -> dict[str, Any]:
    words = {"tcp": ("SSH answers", "Port 22 answered."), "boot_diagnostics": ("booted", "The serial log has 'login:'.")}
    seconds = dice.randint(2, 45)
    return {
        "name": words[kind][0],
        "kind": kind,
        "vm": vm["id"],
        "ok": True,
        "message": words[kind][1],
        "started": text(start),
        "finished": text(start + timedelta(seconds=seconds)),
        "seconds": seconds,
        "attempts": 1 + seconds // 15,
    }


def _pause(wave: dict[str, Any], start: datetime) -> None:
    """A person takes 9 minutes; all of the wave moves back by them."""
    waited = timedelta(minutes=9)

    def later(value: str) -> str:
        return str(text(datetime.fromisoformat(value.replace("Z", "+00:00")) + waited))

    for entry in [*wave["vms"], *wave["steps"], *wave["services"], *wave["checks"]]:
        entry.update(started=later(entry["started"]), finished=later(entry["finished"]))
    wave["finished"] = later(wave["finished"])
    wave["end"] += waited
    wave["steps"].insert(0, {"name": "pause", "started": text(start), "finished": text(start + waited)})
    wave["pause"] = {
        "name": "start-" + wave["application"],
        "message": "Are the databases consistent? Start the rest?",
        "timeout_seconds": 14400,
        "decision": "approved",
        "by": "on-call",
        "at": text(start + waited),
        "seconds": waited.total_seconds(),
    }


def _nothing(wave: dict[str, Any]) -> None:
    for vm in wave["vms"]:
        vm.update(action=None, changed=False, recovery_point=None, job_id=None, started=None, finished=None, seconds=None)
    for service in wave["services"]:
        service.update(action=None, changed=False, backup=None, started=None, finished=None, seconds=None)
    wave.update(steps=[], checks=[])


def _halt(wave: dict[str, Any], before: str) -> None:
    _nothing(wave)
    wave.update(state="halted", reason=f"{before} failed", started=None, pause=None)


def _decline(wave: dict[str, Any], start: datetime) -> None:
    _nothing(wave)
    at = start + timedelta(minutes=6)
    wave["pause"] = {
        "name": "go-on",
        "message": "Go on with the rest?",
        "timeout_seconds": 14400,
        "decision": "declined",
        "by": "on-call",
        "at": text(at),
        "seconds": 360,
    }
    wave.update(state="declined", reason="on-call declined go-on", started=text(start), finished=text(at), end=at)
    wave["steps"] = [{"name": "pause", "started": text(start), "finished": text(at)}]


def _fail(wave: dict[str, Any], dice: Random) -> None:
    wave["state"] = "failed"
    for vm in dice.sample(wave["vms"], max(1, len(wave["vms"]) // 8)):
        vm.update(failed=True, failure=dict(dice.choice([THROTTLED, GONE])), finished=None, seconds=None, recovery_point=None)
    check = next((check for check in wave["checks"] if check["kind"] == "tcp"), None)
    if check:
        check.update(ok=False, message="Port 22 did not answer within 300 s: connection refused.", attempts=20)


def cleanup(names: list[str], finished: str | None) -> dict[str, Any]:
    base = f"{SUBSCRIPTION}/resourceGroups/rg-drill/providers"
    removed = []
    for name in names:
        removed.append({"id": f"{base}/Microsoft.Compute/virtualMachines/{name}", "type": "Microsoft.Compute/virtualMachines"})
        removed.append({"id": f"{base}/Microsoft.Network/networkInterfaces/{name}-nic", "type": "Microsoft.Network/networkInterfaces"})
        removed.append({"id": f"{base}/Microsoft.Compute/disks/{name}-osdisk", "type": "Microsoft.Compute/disks"})
    return {"state": "done", "started": finished, "finished": finished, "removed": removed, "left": []}


def readiness(applications: list[str]) -> list[dict[str, Any]]:
    found = [
        {
            "check": "quota",
            "state": "warning",
            "subject": "Standard DSv5 vCPUs in eastasia",
            "message": "92 of 100 vCPUs would be in use.",
            "application": None,
            "subject_id": None,
            "hint": "Ask for more quota before the estate grows.",
            "value": 92,
            "objective": 100,
        }
    ]
    for name in applications:
        found.append(
            {
                "check": "recovery_point",
                "state": "ok",
                "subject": name,
                "message": "Every VM has a recovery point within the objective.",
                "application": name,
                "subject_id": None,
                "hint": None,
                "value": 72000,
                "objective": 86400,
            }
        )
    return found
