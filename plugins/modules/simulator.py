#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: simulator
short_description: Start and stop the simulator of Azure
version_added: 0.1.0
description:
  - Starts the simulator, which answers on free ports of this machine as Azure would, and returns the environment in which tasks work on it.
  - The simulator is a Python package of its own, C(azure-dr-simulator), in the folder C(simulator) of the collection's source. It is installed with
    C(pip install ./simulator) in a checkout.
  - In RV(environment) every variable that could sign in to the real Azure is empty, and proxies lead nowhere, so that a task with it reaches the simulator
    and nothing else. There is no secret in it.
  - The simulator stops by itself when C(ansible-playbook) ends, however that ends.
extends_documentation_fragment:
  - lifeboat.azure_dr.attributes
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
attributes:
  action_group:
    support: none
    details:
      - It asks Azure nothing and takes no credentials.
options:
  state:
    description:
      - V(started) starts a simulator for O(folder), unless one of it runs.
      - V(stopped) stops it, and removes O(folder).
    type: str
    choices: [started, stopped]
    default: started
  folder:
    description:
      - The folder for what belongs to the simulator. It is made with access for its owner only.
    type: path
    required: true
  estate:
    description:
      - What exists at the start, as the simulator's README and M(lifeboat.azure_dr.recovery_estate_info) have it. A file in YAML or JSON.
      - If not set, it is the simulator's small built-in estate.
    type: path
  speed:
    description:
      - How many seconds of Azure pass in one second.
    type: float
    default: 600
  slow_start:
    description:
      - Let time pass as fast as on the wall until something is changed for the first time, so that what looks around before finds nothing aged.
    type: bool
    default: false
  throttle:
    description:
      - The year whose limits of requests are kept, or V(off) for none.
    type: str
    choices: ["2026", "2023", "off"]
    default: "2026"
  azurite:
    description:
      - The command of an Azurite that keeps the blobs of storage accounts.
      - If not set, the simulator keeps them in memory, which is enough for backups of API Management.
    type: str
  executable:
    description:
      - The command of the simulator.
      - If not set, it is looked for beside the Python of Ansible, and on E(PATH).
    type: str
  stop_with:
    description:
      - The id of the process with which the simulator ends. 0 lets it run until it is stopped.
      - If not set, it is C(ansible-playbook).
    type: int
seealso:
  - module: lifeboat.azure_dr.recovery_estate_info
"""

EXAMPLES = r"""
- name: Start a simulator with the estate of a file
  lifeboat.azure_dr.simulator:
    folder: /tmp/rehearsal
    estate: recovery-estate.yml
  register: started

- name: Work on it, and stop it whatever comes
  block:
    - name: List what is protected there
      lifeboat.azure_dr.protected_vm_info:
      environment: "{{ started.environment }}"
  always:
    - name: Stop the simulator
      lifeboat.azure_dr.simulator:
        folder: /tmp/rehearsal
        state: stopped
"""

RETURN = r"""
environment:
  description: The environment of tasks that work on the simulator. Without any secret.
  returned: when O(state=started), and one runs
  type: dict
  sample:
    AZURE_CLOUD_ENVIRONMENT: https://localhost:40471
    AZURE_CLIENT_SECRET: ""
options:
  description: The same as options of the modules, for C(module_defaults), which win over the environment.
  returned: when O(state=started), and one runs
  type: dict
  sample:
    cloud_environment: https://localhost:40471
    auth_source: workload_identity
simulator:
  description: Where the simulator is.
  returned: when O(state=started), and one runs
  type: dict
  contains:
    arm_url:
      description: The URL of Azure Resource Manager.
      type: str
    control_url:
      description: The URL of the simulator's own interface, which tells requests and what exists, and takes faults.
      type: str
    guest_proxy_url:
      description: The HTTP proxy through which the machines in the simulator are reached, null when it has none.
      type: str
    subscription_id:
      description: The subscription of the estate.
      type: str
    location:
      description: The region of the estate.
      type: str
    log:
      description: The file with what the simulator says.
      type: str
"""

import os
from pathlib import Path
from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._simulator.environment import rehearsal_environment, rehearsal_options
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._simulator.process import Settings, SimulatorFolder, find_executable

SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
    "folder": {"type": "path", "required": True},
    "estate": {"type": "path"},
    "speed": {"type": "float", "default": 600.0},
    "slow_start": {"type": "bool", "default": False},
    "throttle": {"type": "str", "choices": ["2026", "2023", "off"], "default": "2026"},
    "azurite": {"type": "str"},
    "executable": {"type": "str"},
    "stop_with": {"type": "int"},
}


def settings_of(params: dict[str, Any]) -> Settings:
    """Raises OptionError for what cannot be started."""
    estate = os.path.abspath(params["estate"]) if params["estate"] else None
    if estate is not None and not os.path.isfile(estate):
        raise OptionError("estate", f"there is no file {estate}")
    if not params["speed"] > 0:
        raise OptionError("speed", f"{params['speed']:g} is no speed: give more than 0")
    executable = find_executable(params["executable"])
    return Settings(
        executable,
        estate,
        params["speed"],
        params["slow_start"],
        params["throttle"],
        params["azurite"] or None,
        params["stop_with"] or None,
    )


def facts_of(folder: SimulatorFolder, ready: dict[str, str]) -> dict[str, Any]:
    shown = {name: ready.get(name) for name in ("arm_url", "control_url", "guest_proxy_url", "subscription_id", "location")}
    return {
        "simulator": {**shown, "log": folder.log_file},
        "environment": rehearsal_environment(ready, folder.token_file, folder.cli_folder, os.environ),
        "options": rehearsal_options(ready),
    }


def body(task: Task) -> dict[str, Any]:
    folder = SimulatorFolder(Path(os.path.abspath(task.params["folder"])))
    ready = folder.running()
    if task.params["state"] == "stopped":
        there = folder.path.exists()
        if there and not task.check_mode:
            folder.stop()
        return {"changed": there}
    settings = settings_of(task.params)
    changed = ready is None
    if ready is None and not task.check_mode:
        ready = folder.start(settings)
    return {"changed": changed, **(facts_of(folder, ready) if ready is not None else {})}


def main() -> None:
    run(SPEC, body, hints={}, azure=False)


if __name__ == "__main__":
    main()
