# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the progress of the module of this name while it runs."""

from __future__ import annotations

from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.progress import ProgressActionModule


class ActionModule(ProgressActionModule):
    """Found by its file's name."""
