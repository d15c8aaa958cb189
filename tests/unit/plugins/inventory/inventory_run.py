# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parses an inventory file with the plugin in this process, with a client that is given instead of one that is connected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.doc_fragments import constructed, inventory_cache
from ansible.utils.display import Display

from ansible_collections.lifeboat.azure_dr.plugins.doc_fragments import auth
from ansible_collections.lifeboat.azure_dr.plugins.inventory import protected_vms

NAME = protected_vms.InventoryModule.NAME


class Parsed:
    """An inventory: host names, their variables, groups with their hosts, and the warnings on the way."""

    def __init__(self, inventory: InventoryData, warnings: list[str]) -> None:
        self.names = list(inventory.hosts)
        self.vars: dict[str, dict[str, Any]] = {name: {**host.vars} for name, host in inventory.hosts.items()}
        for variables in self.vars.values():
            # Ansible's own.
            variables.pop("inventory_file", None), variables.pop("inventory_dir", None)
        self.groups = {name: sorted(host.name for host in group.hosts) for name, group in inventory.groups.items()}
        self.warnings = warnings


def new_plugin() -> protected_vms.InventoryModule:
    """The plugin as Ansible's loader would hand it out, which needs the options of the documentation."""
    options: dict[str, Any] = {}
    for fragment in (constructed, inventory_cache, auth):
        options.update(yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"])
    options.update(yaml.safe_load(protected_vms.DOCUMENTATION)["options"])
    constants.config.initialize_plugin_configuration_definitions("inventory", NAME, options)
    plugin = protected_vms.InventoryModule()
    plugin._load_name = plugin.ansible_name = NAME
    plugin._redirected_names = [NAME]
    return plugin


def parse(monkeypatch: pytest.MonkeyPatch, folder: Path, client: Any, *, refresh: bool = False, **options: Any) -> Parsed:
    """The inventory of these options. ``client.sent`` tells what was asked; with ``refresh`` the cache may not be."""
    path = folder / "protected_vms.yml"
    path.write_text(json.dumps({"plugin": NAME, **options}))
    plugin = new_plugin()
    warnings: list[str] = []

    def connect(params: Any, *, read_only: bool, hints: Any) -> Any:
        client.params, client.read_only = params, read_only
        return client

    monkeypatch.setattr(protected_vms, "connect", connect)
    monkeypatch.setattr(Display, "warning", lambda _display, msg, *_args, **_more: warnings.append(msg))
    inventory = InventoryData()
    plugin.parse(inventory, DataLoader(), str(path), cache=not refresh)
    if options.get("cache"):
        plugin.update_cache_if_changed()
    return Parsed(inventory, warnings)
