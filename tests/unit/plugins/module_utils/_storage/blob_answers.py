# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Blob service answers: pages of a list, one blob, and errors."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Iterable
from xml.sax.saxutils import escape

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import answer

Row = tuple[str, int, datetime, str]
"""Name, size, when it was written, etag without quotes."""


def storage_failure(status: int, code: str, message: str = "no luck", **headers: str) -> RawResponse:
    """An error as the Blob service puts it."""
    body = f"\ufeff<?xml version='1.0' encoding='utf-8'?><Error><Code>{code}</Code><Message>{message}\nRequestId:r-1\nTime:now</Message></Error>"
    return answer(status, body.encode(), x_ms_error_code=code, x_ms_request_id="storage-request-1", **headers)


def blob_page(blobs: Iterable[Row], marker: str = "") -> RawResponse:
    """One page of a list."""
    rows = "".join(
        f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{format_datetime(written, usegmt=True)}</Last-Modified>"
        f"<Etag>{etag}</Etag><Content-Length>{size}</Content-Length></Properties></Blob>"
        for name, size, written, etag in blobs
    )
    text = f'\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>{rows}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>'
    return answer(200, text.encode())


def blob_head(blob: Row | None) -> RawResponse:
    """The headers of a blob; None for one that is not there."""
    if blob is None:
        return answer(404, x_ms_error_code="BlobNotFound")
    _name, size, written, etag = blob
    return answer(200, content_length=str(size), last_modified=format_datetime(written, usegmt=True), etag=f'"{etag}"')
