# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's rules for the names of storage accounts, containers and blobs, checked before anything is sent."""

from __future__ import annotations

import re

from .._arm.errors import OptionError

ACCOUNT_TYPE = "Microsoft.Storage/storageAccounts"

LONGEST_BLOB_NAME = 1024
MOST_SEGMENTS = 254

_ACCOUNT_NAME = re.compile(r"^[a-z0-9]{3,24}\Z")
_CONTAINER_NAME = re.compile(r"^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*\Z")


def check_account(text: str, option: str) -> str:
    """The name of a storage account itself; raises OptionError for what can be none."""
    if not _ACCOUNT_NAME.match(text):
        raise OptionError(option, f"{text[:80]!r} is not the name of a storage account: 3 to 24 lower-case letters and digits")
    return text


def check_container(text: str, option: str) -> str:
    """The name of a container itself; raises OptionError for what can be none."""
    if not _CONTAINER_NAME.match(text):
        raise OptionError(option, f"{text[:80]!r} is not the name of a blob container: 3 to 63 lower-case letters, digits and single hyphens")
    return text


def check_blob(text: str, option: str) -> str:
    """The name of a blob itself; raises OptionError for what can be none, or would mean another one once it stands in a URL."""
    segments = text.split("/")
    if not 1 <= len(text) <= LONGEST_BLOB_NAME or len(segments) > MOST_SEGMENTS:
        raise OptionError(option, f"{text[:80]!r} is not a blob name: 1 to {LONGEST_BLOB_NAME} characters, with at most {MOST_SEGMENTS - 1} slashes")
    if any(ord(character) < 32 or ord(character) == 127 or character == "\\" for character in text):
        raise OptionError(option, f"{text[:80]!r} is not a blob name: it holds a backslash or a control character")
    if text.endswith((".", "/")) or any(segment in ("", ".", "..") or segment.endswith(".") for segment in segments):
        raise OptionError(option, f"{text[:80]!r} is not a usable blob name: no part between slashes may be empty or end with a dot")
    return text
