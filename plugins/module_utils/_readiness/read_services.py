# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads one API Management service: what a restore of it would find, or, where a drill leaves the standby alone, its newest backup."""

from __future__ import annotations

from .._apim.backups import backups_of
from .._apim.places import open_place, read_contents
from .._apim.restore_apply import read
from .._apim.restores import plan
from .._apim.service import read_service
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .facts import ApimFacts
from .needs import Service


def read_service_facts(client: ArmClient, service: Service) -> ApimFacts:
    """Raises ArmError when the service, or the place of its backups, cannot be looked at."""
    source = read_service(client, service.source.path) if service.source else None
    if service.restore is not None:
        found = read(client, service.restore)
        decision = plan(found.current, service.restore, client.server_now())
        return ApimFacts(source, found.current.service, found.current.backup, service.restore.place, decision)
    if service.storage is None or service.template is None:
        raise ArmError("The plan does not tell where its backups lie.", code="NoPlace")
    where = f"{service.storage.account}/{service.storage.container}"
    place = open_place(client, service.storage)
    contents = read_contents(place, service.template.prefix(service.name))
    if contents.blobs is None:
        raise contents.problem or ArmError(f"The backups in {where} could not be listed.", code="Unreadable")
    backups = backups_of(contents.blobs, service.template, service.name)
    return ApimFacts(source, None, backups[0] if backups else None, where, None, place.notes)
