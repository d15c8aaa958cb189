# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a restore into a service, checked before any request."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Mapping

from .._arm.errors import OptionError
from .restores import Wish
from .service import check_service_name, service_id
from .storage_options import read_storage
from .templates import DEFAULT_NAME, parse_backup_name


def read_wish(params: Mapping[str, Any], subscription: str, *, waits: bool) -> Wish:
    """What the options ask for; raises OptionError, before any request, when they are wrong."""
    target = service_id(params["name"], params["resource_group"], subscription)
    if params["confirm"].strip() != target.name:
        raise OptionError("confirm", f"the contents of the service {target.name} would be replaced; to say that this is meant, set confirm to its name")
    template = parse_backup_name(params["backup_name"], "backup_name")
    source = (params["source_service"] or "").strip() or None
    if source is not None:
        check_service_name(source, "source_service")
    if source is None:
        example = template.name_at(target.name, datetime(2026, 1, 1))
        source = target.name if template.named else parse_backup_name(DEFAULT_NAME, "backup_name").service_of(example)
    return Wish(target, read_storage(params), template, source, params["force"], waits)
