# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes playbooks/files/recovery_plan.schema.json anew, after a change of the keys of recovery plans: `make plan-schema`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.json_schema import json_schema

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")
