# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Blob service answers: XML lists and errors, read without trusting them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

# A page of 5000 blobs takes about 5 MB.
LARGEST = 32 * 1024 * 1024
# Neither occurs in anything that the service sends; entities are how a small document becomes a huge one.
_DECLARATIONS = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True)
class Blob:
    """A blob: ``size`` in bytes, ``modified`` when its content was written last (None when the service does not say); ``etag`` without quotes."""

    name: str
    size: int
    modified: datetime | None
    etag: str | None = None


def parse_xml(text: str) -> ElementTree.Element | None:
    """The root of a document; None for what is no XML, too large, or declares entities."""
    if len(text) > LARGEST or _DECLARATIONS.search(text):
        return None
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None


def blobs_of(page: ElementTree.Element) -> list[Blob]:
    """The blobs of one page of a list; versions, snapshots and what was deleted softly are not asked for and do not come.

    Accounts with a hierarchical namespace list their directories too, which are left out.
    """
    return [_blob(entry) for entry in page.iterfind("./Blobs/Blob") if (entry.findtext("./Properties/ResourceType") or "").lower() != "directory"]


def marker_of(page: ElementTree.Element) -> str | None:
    """Where the next page starts; None after the last."""
    return page.findtext("./NextMarker") or None


def error_of(root: Any) -> tuple[str | None, str | None]:
    """Code and message of an error answer; the service appends request id and time to the message in lines of their own."""
    if not isinstance(root, ElementTree.Element):
        return None, None
    message = (root.findtext("./Message") or "").strip()
    return (root.findtext("./Code") or "").strip() or None, message.splitlines()[0].strip() if message else None


def http_time(text: str | None) -> datetime | None:
    """A time as HTTP prints it, UTC; None for anything else."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


def size_of(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


def bare_etag(text: str | None) -> str | None:
    """An etag as lists have it; headers put it into quotes."""
    return (text or "").removeprefix("W/").strip('"') or None


def _blob(entry: ElementTree.Element) -> Blob:
    name = entry.find("./Name")
    text = (name.text or "") if name is not None else ""
    if name is not None and name.get("Encoded") == "true":
        # For characters that XML cannot hold.
        text = unquote(text)
    properties = "./Properties/"
    return Blob(
        text,
        size_of(entry.findtext(f"{properties}Content-Length")),
        http_time(entry.findtext(f"{properties}Last-Modified")),
        bare_etag(entry.findtext(f"{properties}Etag")),
    )
