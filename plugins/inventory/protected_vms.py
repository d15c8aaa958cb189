# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: protected_vms
short_description: VMs that Azure Backup protects, as hosts
version_added: 0.1.0
description:
  - Makes a host of each VM that Recovery Services vaults protect, with its vault, policy, health and newest recovery point as variables.
  - The file must end in C(protected_vms.yml), C(protected_vms.yaml), C(azure_dr.yml) or C(azure_dr.yaml).
  - Reads lists only, at one request for 200 VMs, and changes nothing.
  - The hosts are in the group C(protected) when a policy backs them up, and in C(unprotected) when no vault knows them (O(include_unprotected)).
    O(keyed_groups), O(groups) and O(compose) make more of the variables.
  - A template in one of the options for signing in, such as a lookup in a key vault, is evaluated.
  - What was named and cannot be read is an error. Ansible goes on after errors of inventories, with a warning and without the hosts, unless
    E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) is set.
    A vault that was not named in O(vaults) and cannot be read is left out with a warning.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  plugin:
    description:
      - Which plugin reads the file.
    type: str
    required: true
    choices:
      - lifeboat.azure_dr.protected_vms
  subscriptions:
    description:
      - The ids of the subscriptions to read.
      - If not set, the one of O(subscription_id) is read.
    type: list
    elements: str
    default: []
  vaults:
    description:
      - Read these Recovery Services vaults only. Names or resource ids.
      - A name means every vault of that name in the subscriptions, or in the O(resource_groups). For an id, no right on the subscription is needed.
    type: list
    elements: str
    default: []
  resource_groups:
    description:
      - Read the vaults of these resource groups only.
    type: list
    elements: str
    default: []
  vm_resource_groups:
    description:
      - Make hosts of the VMs of these resource groups only.
    type: list
    elements: str
    default: []
  include_soft_deleted:
    description:
      - Make hosts of VMs whose backup is deleted and can still be brought back, too.
    type: bool
    default: false
  include_unprotected:
    description:
      - Make hosts of the VMs that no vault knows, too. They are in the group C(unprotected).
      - All vaults of the subscriptions are read then, since any of them may protect a VM, and the VMs as with O(read_vms).
      - A VM whose backup is deleted counts as unprotected, unless O(include_soft_deleted) is set.
    type: bool
    default: false
  read_vms:
    description:
      - List the VMs of the subscriptions too, or of the O(vm_resource_groups), for the variables C(vm_tags) and C(vm_exists).
      - This needs the right to read the VMs.
    type: bool
    default: false
  hostname:
    description:
      - The name of a host, as a Jinja2 expression of its variables, without braces.
      - Where it gives nothing, and O(strict) is not set, the name of the VM is taken.
      - VMs that would have the same name get C(_) and the first characters of a checksum of their id at the end, each of them, with a warning.
    type: str
    default: vm_name
seealso:
  - module: lifeboat.azure_dr.protected_vm_info
  - module: lifeboat.azure_dr.vm_backup_trigger
notes:
  - "Variables of each host, null where there is nothing to say: C(vm_id), C(vm_name), C(resource_group), C(subscription_id), C(location) (strings)."
  - "C(backup_state) is V(protected), V(stopped), V(suspended), V(soft_deleted), V(invalid) or V(unprotected); C(protection_state) is Azure's own word for it.
    C(soft_deleted) is a boolean, C(purge_time) the time when a deleted backup is gone for good."
  - "C(vault), C(vault_id), C(vault_resource_group), C(protected_item_id), C(policy), C(policy_id) (strings)."
  - "C(health) is what Azure's check of the backup says, such as V(Passed). C(last_backup_status) and C(last_backup_time) tell of the last backup."
  - "C(newest_recovery_point) is the time of the newest recovery point, and C(newest_recovery_point_age_hours) (a number) its age at C(read_time), which is
    Azure's time when the vault was read. With a cache these may be as old as the cache. All times are strings in ISO 8601, UTC."
  - "C(vm_tags) (a dictionary) and C(vm_exists) (a boolean), with O(read_vms). It is not called C(tags), which is a reserved name in Ansible."
  - Connections to the hosts need C(ansible_host), which O(compose) can set, where their names do not resolve. The modules of this collection need no
    connection. Delegated to localhost, they work on C(vm_id).
  - What is cached belongs to the options and the identity that it was read with. A reading that had to leave something out is not cached.
"""

EXAMPLES = r"""
# Enough where the AZURE_* variables are set, or after az login: all protected VMs of the subscription.
plugin: lifeboat.azure_dr.protected_vms
---
# Two vaults; groups such as policy_Daily, health_ActionRequired, and late for what has no recovery point of the last 26 hours.
plugin: lifeboat.azure_dr.protected_vms
vaults:
  - rsv-shop
  - /subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/rg-backup/providers/Microsoft.RecoveryServices/vaults/rsv-office
keyed_groups:
  - key: policy
    prefix: policy
  - key: health
    prefix: health
groups:
  late: newest_recovery_point_age_hours is none or newest_recovery_point_age_hours > 26
compose:
  ansible_host: vm_name ~ '.corp.example.com'
---
# What is not protected at all, by the tag that names the owner; kept for an hour.
plugin: lifeboat.azure_dr.protected_vms
include_unprotected: true
hostname: vm_name ~ '.' ~ resource_group
keyed_groups:
  - key: vm_tags.owner | default('nobody')
    prefix: owner
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: .inventory_cache
cache_timeout: 3600
"""

import hashlib
import json
import os
import re
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.auth.options import ENVIRONMENT, read_options
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.connect import connect
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OptionError, defect
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import check_api_names
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._words import some
from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.protected_hosts import (
    PROTECTED,
    UNPROTECTED,
    Reading,
    Scope,
    check_scope,
    read_hosts,
    unique_names,
)

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19

    def trust_as_template(value: Any) -> Any:
        return value


FILES = ("protected_vms.yml", "protected_vms.yaml", "azure_dr.yml", "azure_dr.yaml")
HINTS_OF_READING = {
    **HINTS,
    "AuthorizationFailed": "The identity lacks a role: Backup Reader on the vaults, or on the subscription to find them, and Reader on the VMs with read_vms.",
}
OF_SCOPE = ("subscriptions", "vaults", "resource_groups", "vm_resource_groups", "include_soft_deleted", "include_unprotected", "read_vms")
PLAIN = re.compile(r"^[A-Za-z0-9 _.,:;/()@+-]*\Z")
"""What names, ids and times of Azure are made of, and no template."""
CACHE_VERSION = 1
"""Changes when the variables do."""


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Reads protected VMs, or what the cache has of them, and makes hosts of them."""

    NAME = "lifeboat.azure_dr.protected_vms"

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith(FILES)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        problem: ArmError | None = None
        hosts: list[dict[str, Any]] = []
        try:
            hosts = self._hosts(path, cache)
        except ArmError as error:
            problem = error
        except AnsibleError:
            raise
        except Exception as error:  # a defect of ours, or an answer of a shape that nobody has seen: told in words as well
            problem = defect(error)
        # Outside the handler, so that no traceback of the original comes with what is explained in words.
        if problem is not None:
            raise AnsibleParserError(f"{self.NAME}: {problem}")
        self._populate(hosts)

    def _hosts(self, path: str, cache: bool) -> list[dict[str, Any]]:
        """The variables of the hosts, from the cache when it has them and may be asked."""
        params = self._sign_in_options()
        scope = check_scope({name: self.get_option(name) for name in OF_SCOPE})
        if not self.get_option("cache"):
            return self._read(params, scope).hosts
        key = self.get_cache_key(path)
        wanted = fingerprint(params, scope)
        found = self._cached(key) if cache else None
        if found is not None and found.get("read_with") == wanted:
            return list(found["hosts"])
        reading = self._read(params, scope)
        if reading.complete:
            self._cache[key] = {"read_with": wanted, "hosts": reading.hosts}
        return reading.hosts

    def _cached(self, key: str) -> dict[str, Any] | None:
        try:
            found = self._cache[key]
        except KeyError:
            return None
        return found if isinstance(found, dict) else None

    def _read(self, params: dict[str, Any], scope: Scope) -> Reading:
        return read_hosts(connect(params, read_only=True, hints=HINTS_OF_READING), scope, self.display.warning)

    def _sign_in_options(self) -> dict[str, Any]:
        """The options of module_utils' `connect`; templates in them are evaluated. Raises OptionError, which never shows a value."""
        params: dict[str, Any] = {"api_versions": self.get_option("api_versions")}
        for name in ENVIRONMENT:
            value = self.get_option(name)
            try:
                params[name] = None if value is None else str(self.templar.template(variable=value))
            except AnsibleError as error:
                raise OptionError(name, f"its template cannot be evaluated ({type(error).__name__})") from None
        check_api_names(params)
        return params

    def _populate(self, hosts: list[dict[str, Any]]) -> None:
        strict = bool(self.get_option("strict"))
        safe: list[dict[str, Any]] = [no_template(host) for host in hosts]
        names = self._names(safe, strict)
        for group in (PROTECTED, UNPROTECTED) if safe else ():
            self.inventory.add_group(group)
        for name, variables in zip(names, safe):
            self.inventory.add_host(name)
            for variable, value in variables.items():
                self.inventory.set_variable(name, variable, value)
            if variables["backup_state"] in (PROTECTED, UNPROTECTED):
                self.inventory.add_host(name, str(variables["backup_state"]))
            self._set_composite_vars(self.get_option("compose"), variables, name, strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict)

    def _names(self, hosts: list[dict[str, Any]], strict: bool) -> list[str]:
        expression = str(self.get_option("hostname"))
        if "{{" in expression:
            raise AnsibleParserError(f"{self.NAME}: hostname: give the expression without braces, such as vm_name ~ '.' ~ resource_group")
        wanted: list[str] = []
        unnamed: list[str] = []
        for variables in hosts:
            name = str(variables["vm_name"]) if expression == "vm_name" else self._name(variables, strict)
            if not name:
                unnamed.append(str(variables["vm_name"]))
            wanted.append(name or str(variables["vm_name"]))
        names, doubled = unique_names(wanted, [str(variables["vm_id"]) for variables in hosts])
        if unnamed:
            self.display.warning(f"{self.NAME}: hostname gives no name for these VMs, which are called by their own: {some(unnamed)}.")
        if doubled:
            self.display.warning(f"{self.NAME}: several VMs have these host names, so a part of a checksum of their id is added: {some(doubled)}.")
        return names

    def _name(self, variables: dict[str, Any], strict: bool) -> str:
        try:
            found = self._compose(self.get_option("hostname"), variables)
        except Exception as error:
            if strict:
                raise AnsibleParserError(f"{self.NAME}: hostname cannot be evaluated for the VM {variables['vm_id']}: {error}") from None
            return ""
        if strict and not (isinstance(found, str) and found.strip()):
            raise AnsibleParserError(f"{self.NAME}: hostname gives no name for the VM {variables['vm_id']}")
        return found.strip() if isinstance(found, str) else ""


def no_template(value: Any) -> Any:
    """What comes from Azure, such as a tag, must never be taken for a template.

    What surely is none is left unmarked: ansible-inventory shows the mark of the rest (``__ansible_unsafe``), and AWX keeps it in its variables.
    """
    if isinstance(value, dict):
        return {no_template(name): no_template(entry) for name, entry in value.items()}
    if not isinstance(value, str):
        return value
    return trust_as_template(value) if PLAIN.match(value) else wrap_var(value)


def fingerprint(params: dict[str, Any], scope: Scope) -> str:
    """Of what decides what is read: the scope, the cloud and the identity, without a secret. Another one's cache is not ours."""
    options = read_options(params, os.environ)
    who = [options.subscription_id, options.client_id, options.tenant, options.auth_source, options.cloud_environment]
    text = json.dumps([CACHE_VERSION, who, repr(scope)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
