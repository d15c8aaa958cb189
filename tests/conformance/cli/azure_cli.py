# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Azure CLI, as Microsoft ships it, works a whole drill on the simulator. Run by `make conformance-cli`, not by `make test`.

AZURE_CLI names the command `az`; else the one in .build/azure-cli or on PATH is used. The tests build on each other.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterator

import pytest
from harness.simulator import Simulator

VAULT = ["--resource-group", "rg-backup", "--vault-name", "rsv-prod-01"]
KIND = ["--backup-management-type", "AzureIaasVM", "--workload-type", "VM"]
ITEM = [*VAULT, "--container-name", "web-01", "--item-name", "web-01", *KIND]


def _az() -> str | None:
    given = os.environ.get("AZURE_CLI")
    beside = next((str(folder / ".build/azure-cli/bin/az") for folder in Path(__file__).parents if (folder / ".build/azure-cli/bin/az").exists()), None)
    staged = next((str(folder / "azure-cli/bin/az") for folder in Path(__file__).parents if (folder / "azure-cli/bin/az").exists()), None)
    return given or beside or staged or shutil.which("az")


AZ = _az()
pytestmark = pytest.mark.skipif(AZ is None, reason="there is no Azure CLI: run make conformance-cli, or set AZURE_CLI")


class Cli:
    """`cli("backup", "vault", "list")` gives what the command printed, parsed."""

    def __init__(self, sim: Simulator, folder: Path) -> None:
        self.sim = sim
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "ARM_"))}
        self.environment = {
            **kept,
            "AZURE_CONFIG_DIR": str(folder / "azure"),
            "REQUESTS_CA_BUNDLE": sim.ready["ca_file"],
            "SSL_CERT_FILE": sim.ready["ca_file"],
            # The login endpoint is the simulator's; Microsoft's need not vouch for it.
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
        }

    def __call__(self, *words: str) -> Any:
        done = subprocess.run(
            [str(AZ), *words, "--output", "json"], env=self.environment, text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False,
        )
        shown = " ".join(word for word in words if word != self.sim.ready["client_secret"])
        assert done.returncode == 0, f"az {shown}\n{done.stderr[-3000:]}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def job(self, *words: str) -> dict[str, Any]:
        """A command that starts a job: the job, once it has ended."""
        name = self(*words)["name"]
        self("backup", "job", "wait", *VAULT, "--name", name, "--timeout", "250")
        job: dict[str, Any] = self("backup", "job", "show", *VAULT, "--name", name)
        assert job["properties"]["status"] == "Completed"
        return job


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    folder = tmp_path_factory.mktemp("cli")
    sim = Simulator(folder, speed=1200, throttle="2026")
    try:
        az = Cli(sim, folder)
        az("cloud", "register", "--name", "simulated", "--endpoint-resource-manager", sim.ready["arm_url"])
        az("cloud", "set", "--name", "simulated")
        az("login", "--service-principal", "--username", sim.ready["client_id"], "--password", sim.ready["client_secret"], "--tenant", sim.ready["tenant_id"])
        yield az
    finally:
        sim.stop()


def test_signed_in_to_the_simulator(cli: Cli) -> None:
    account = cli("account", "show")
    assert account["id"] == cli.sim.subscription
    assert account["tenantId"] == cli.sim.ready["tenant_id"]


def test_what_there_is(cli: Cli) -> None:
    assert sorted(vault["name"] for vault in cli("backup", "vault", "list")) == ["rsv-prod-01", "rsv-prod-02"]
    assert cli("backup", "vault", "show", "--resource-group", "rg-backup", "--name", "rsv-prod-01")["properties"]["provisioningState"] == "Succeeded"
    assert {"DefaultPolicy", "EnhancedPolicy"} <= {policy["name"] for policy in cli("backup", "policy", "list", *VAULT)}
    assert "web-01" in [vm["name"] for vm in cli("vm", "list", "--resource-group", "rg-prod")]
    assert cli("group", "show", "--name", "rg-dr")["location"] == "eastasia"
    assert cli("network", "vnet", "list", "--resource-group", "rg-dr")[0]["name"] == "vnet-dr"
    assert cli("storage", "account", "list", "--resource-group", "rg-dr")[0]["name"] == "ststagingea"


def test_protect(cli: Cli) -> None:
    vm = cli("vm", "show", "--resource-group", "rg-prod", "--name", "web-01")["id"]
    job = cli("backup", "protection", "enable-for-vm", *VAULT, "--vm", vm, "--policy-name", "DefaultPolicy")
    assert (job["properties"]["operation"], job["properties"]["status"]) == ("ConfigureBackup", "Completed")
    assert cli("backup", "item", "show", *VAULT, "--container-name", "web-01", "--name", "web-01", *KIND)["properties"]["policyName"] == "DefaultPolicy"
    assert [container["properties"]["friendlyName"] for container in cli("backup", "container", "list", *VAULT, *KIND[:2])] == ["web-01"]


def test_back_up(cli: Cli) -> None:
    until = (datetime.now(timezone.utc) + timedelta(days=60)).strftime("%d-%m-%Y")
    job = cli.job("backup", "protection", "backup-now", *ITEM, "--retain-until", until)
    assert [task["taskId"] for task in job["properties"]["extendedInfo"]["tasksList"]][:2] == ["Take Snapshot", "Transfer data to vault"]
    assert cli("backup", "job", "list", *VAULT, "--operation", "Backup", "--status", "Completed")[0]["name"] == job["name"]


def _point(cli: Cli) -> str:
    (point,) = cli("backup", "recoverypoint", "list", *ITEM)
    shown = cli("backup", "recoverypoint", "show", *VAULT, "--container-name", "web-01", "--item-name", "web-01", "--name", point["name"], *KIND)
    assert shown["properties"]["recoveryPointTime"] == point["properties"]["recoveryPointTime"]
    return str(point["name"])


def test_restore_disks(cli: Cli) -> None:
    account = cli("storage", "account", "show", "--resource-group", "rg-dr", "--name", "ststagingea")["id"]
    words = ["--container-name", "web-01", "--item-name", "web-01", "--rp-name", _point(cli), "--storage-account", account]
    job = cli.job("backup", "restore", "restore-disks", *VAULT, *words, "--target-resource-group", "rg-dr")
    assert job["properties"]["extendedInfo"]["propertyBag"]["Job Type"] == "Recover disks"
    assert [disk for disk in cli("disk", "list", "--resource-group", "rg-dr") if "web-01" in disk["name"]]


def test_restore_as_new_vm(cli: Cli) -> None:
    words = ["--container-name", "web-01", "--item-name", "web-01", "--rp-name", _point(cli), "--storage-account", "ststagingea"]
    target = ["--storage-account-resource-group", "rg-dr", "--target-resource-group", "rg-dr", "--restore-mode", "AlternateLocation"]
    target += ["--target-vm-name", "web-01-dr", "--target-vnet-name", "vnet-dr", "--target-vnet-resource-group", "rg-dr", "--target-subnet-name", "default"]
    job = cli.job("backup", "restore", "restore-disks", *VAULT, *words, *target)
    assert job["properties"]["extendedInfo"]["propertyBag"]["Target VM Name"] == "web-01-dr"
    assert cli("vm", "show", "--resource-group", "rg-dr", "--name", "web-01-dr")["provisioningState"] == "Succeeded"


def test_change_policy_stop_and_resume(cli: Cli) -> None:
    short = [*VAULT, "--container-name", "web-01", "--item-name", "web-01", *KIND]
    cli("backup", "protection", "disable", *short, "--yes")
    assert _item(cli)["protectionState"] == "ProtectionStopped"
    cli("backup", "protection", "resume", *short, "--policy-name", "DefaultPolicy")
    assert _item(cli)["protectionState"] == "Protected"


def _item(cli: Cli) -> dict[str, Any]:
    found: dict[str, Any] = cli("backup", "item", "show", *VAULT, "--container-name", "web-01", "--name", "web-01", *KIND)["properties"]
    return found


def test_delete_and_undelete(cli: Cli) -> None:
    short = [*VAULT, "--container-name", "web-01", "--item-name", "web-01", *KIND]
    cli("backup", "protection", "disable", *short, "--delete-backup-data", "true", "--yes")
    assert _item(cli)["isScheduledForDeferredDelete"] is True
    cli("backup", "protection", "undelete", *short)
    assert not _item(cli).get("isScheduledForDeferredDelete")
    assert _item(cli)["protectionState"] == "ProtectionStopped"


def test_cancel_a_backup(cli: Cli) -> None:
    vm = cli("vm", "show", "--resource-group", "rg-prod", "--name", "web-02")["id"]
    cli("backup", "protection", "enable-for-vm", *VAULT, "--vm", vm, "--policy-name", "DefaultPolicy")
    cli.sim.control.fault({"operation": "Backup"}, {"kind": "stuck_job"})
    job = cli("backup", "protection", "backup-now", *VAULT, "--container-name", "web-02", "--item-name", "web-02", *KIND)
    cli("backup", "job", "stop", *VAULT, "--name", job["name"])
    assert cli("backup", "job", "show", *VAULT, "--name", job["name"])["properties"]["status"] in ("Cancelling", "Cancelled")


def test_no_answer_was_an_unknown_endpoint(cli: Cli) -> None:
    unknown = [f"{row['method']} {row['path']} {row['code']}" for row in cli.sim.control.requests() if row["code"] in ("InvalidResourceType", "NotImplemented")]
    assert unknown == []
