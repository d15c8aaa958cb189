# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token that the caller already has. It cannot be renewed, and azure-identity is not needed."""

from __future__ import annotations

from ..clouds import Cloud
from .method import Gap, Grant, Method, Token
from .options import AuthOptions, described


def gap(options: AuthOptions) -> Gap | None:
    if not options.access_token:
        return Gap("access_token", f"{described('access_token')} is not set")
    return None


def authenticate(options: AuthOptions, cloud: Cloud) -> Grant:
    token = Token(options.access_token or "", None)
    return lambda: token


METHOD = Method("access_token", gap, authenticate)
