# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures tasks of this collection beside those of azure.azcollection that do the like: `peer.py BUILD PEER [ROUNDS]`.

PEER is the environment that azure_collection.py made. All tasks work on one simulator and are controlled by one ansible-playbook; each
collection's modules run by the Python that has what they need. azure_rm_backupazurevm sends its PUT whether or not anything is to be
changed, and waits for it, so the simulator runs fast enough that this costs one poll.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from run import HERE, MODULE, URI, durations, module_alone, protection, report, run_playbook, simulator, variables

OURS, PEERS = "vm_backup_protection, unchanged", "azure_rm_backupazurevm, unchanged"
OUR_INFO, PEERS_INFO = "protected_vm_info", "azure_rm_backupazurevm_info"
PEER_MODULES = "ansible_collections.azure.azcollection.plugins.modules."


def main(build: Path, peer: Path, rounds: int) -> None:
    run_dir = build / "runs" / "bench-peer"
    python = str(peer / "bin" / "python")
    packages = next((peer / "lib").glob("python3*/site-packages"))
    estate = ["--estate", str(HERE / "estate.yml"), "--vms", "100", "--protected", "--throttle", "off", "--speed", "600"]
    with simulator.running(run_dir, *estate) as ready:
        times = run_dir / "durations.jsonl"
        environment = {
            **variables(build, ready, times),
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join([str(build), str(packages)]),
            # azure.azcollection has no option for a certificate authority.
            "REQUESTS_CA_BUNDLE": ready["ca_file"],
            "AZURE_DISABLE_INSTANCE_DISCOVERY": "true",
        }
        ours, peers = _arguments(ready["subscription_id"])
        playbook = run_dir / "playbook.json"
        playbook.write_text(json.dumps(_playbook(ready, ours, peers, python)))
        for _round in range(rounds):
            run_playbook(build, environment, playbook)
        control = ready["control_url"]
        alone = {**environment, "PYTHONPATH": str(build)}
        found = {
            OURS: module_alone([sys.executable, "-m", MODULE], alone, ours, control),
            PEERS: module_alone([python, "-m", PEER_MODULES + "azure_rm_backupazurevm"], environment, peers, control),
        }
        ours, peers = _reads(ours), _reads(peers)
        info = MODULE.replace("vm_backup_protection", "protected_vm_info")
        found[OUR_INFO] = module_alone([sys.executable, "-m", info], alone, ours, control)
        found[PEERS_INFO] = module_alone([python, "-m", PEER_MODULES + "azure_rm_backupazurevm_info"], environment, peers, control)
    report(durations(times), found)


def _playbook(ready: dict[str, Any], ours: dict[str, Any], peers: dict[str, Any], python: str) -> list[dict[str, Any]]:
    """Written here, as the tools that check this collection's playbooks do not have the other collection."""
    url = ready["arm_url"] + "/metadata/endpoints?api-version=2022-09-01"
    other = {"vars": {"ansible_python_interpreter": python}}
    tasks: list[dict[str, Any]] = [
        {"name": URI, "ansible.builtin.uri": {"url": url, "ca_path": ready["ca_file"], "return_content": True}},
        {"name": OURS, "lifeboat.azure_dr.vm_backup_protection": ours},
        {"name": PEERS, "azure.azcollection.azure_rm_backupazurevm": peers, **other},
        {"name": OUR_INFO, "lifeboat.azure_dr.protected_vm_info": _reads(ours)},
        {"name": PEERS_INFO, "azure.azcollection.azure_rm_backupazurevm_info": _reads(peers), **other},
    ]
    return [{"name": "Measure two collections", "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]


def _reads(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same without what is wanted of the VM."""
    return {name: value for name, value in arguments.items() if name not in ("policy", "backup_policy_id")}


def _arguments(subscription: str) -> tuple[dict[str, Any], dict[str, Any]]:
    root = f"/subscriptions/{subscription}/resourceGroups"
    peers = {
        "resource_group": "rg-backup",
        "recovery_vault_name": "rsv-prod",
        "resource_id": f"{root}/rg-prod/providers/Microsoft.Compute/virtualMachines/vm-0001",
        "backup_policy_id": f"{root}/rg-backup/providers/Microsoft.RecoveryServices/vaults/rsv-prod/backupPolicies/DefaultPolicy",
    }
    return protection(["vm-0001"]), peers


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute(), int(sys.argv[3]) if len(sys.argv) > 3 else 5)
