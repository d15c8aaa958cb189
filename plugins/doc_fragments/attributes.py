# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules promise about check mode, diff and running again."""

from __future__ import annotations


class ModuleDocFragment:
    """C(lifeboat.azure_dr.attributes) for modules that change something, C(lifeboat.azure_dr.attributes.info) for those that only read."""

    DOCUMENTATION = r"""
attributes:
  action_group:
    description: Use C(group/lifeboat.azure_dr.azure_dr) in C(module_defaults) to set options that all modules of this collection have.
    support: full
    membership:
      - lifeboat.azure_dr.azure_dr
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying anything.
    support: full
    details:
      - In check mode only reading requests are sent to Azure.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
      - This assumes that the system controlled or queried by the module has not changed in a relevant way.
    support: full
  platform:
    description: Where the module runs. It works on Azure over HTTPS, so this is any POSIX system, usually the controller itself.
    platforms: posix
    support: full
"""

    INFO = r"""
attributes:
  action_group:
    description: Use C(group/lifeboat.azure_dr.azure_dr) in C(module_defaults) to set options that all modules of this collection have.
    support: full
    membership:
      - lifeboat.azure_dr.azure_dr
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying anything.
    support: full
    details:
      - This module does not modify state.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: N/A
    details:
      - This module does not modify state.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
      - This assumes that the system controlled or queried by the module has not changed in a relevant way.
    support: full
    details:
      - This module does not modify state.
  platform:
    description: Where the module runs. It works on Azure over HTTPS, so this is any POSIX system, usually the controller itself.
    platforms: posix
    support: full
"""
