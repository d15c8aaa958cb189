# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a Blob service that keeps its blobs in memory: enough for containers and block blobs.

What needs more of the Blob service (blocks, leases, snapshots, tiers) needs Azurite.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Callable, Mapping, Sequence
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from . import MemoryBlobs
from .endpoint import BlobRequest, Refused

Accounts = Callable[[], Mapping[str, Sequence[str]]]
"""Account name -> its keys, base64, as they are now."""
_SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""


class MemoryService:
    """Answers what the gate has admitted."""

    def __init__(self, blobs: MemoryBlobs, accounts: Accounts) -> None:
        self._blobs = blobs
        self._accounts = accounts

    def answer(
        self, what: BlobRequest, raw_path: str, raw_query: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Raises Refused. Header names are in lower case."""
        self._check_signature(what, raw_path, raw_query, headers)
        if what.of_account:
            return self._account(what)
        if what.of_container:
            return self._container(what)
        return self._blob(what, headers, body)

    def _account(self, what: BlobRequest) -> Answer:
        if what.method != "GET" or what.query.get("comp") != "list":
            raise _unknown(what)
        entries = "".join(
            f"<Container><Name>{escape(name)}</Name><Properties><Last-Modified>{_EPOCH}</Last-Modified><Etag>0x0</Etag>"
            "</Properties></Container>"
            for name in self._blobs.containers(what.account)
            if name.startswith(what.query.get("prefix", ""))
        )
        return _xml(f'<EnumerationResults ServiceEndpoint=""><Containers>{entries}</Containers><NextMarker/>')

    def _container(self, what: BlobRequest) -> Answer:
        there = what.container in self._blobs.containers(what.account)
        if what.method == "PUT" and "comp" not in what.query:
            if there:
                raise Refused(409, "ContainerAlreadyExists", "The specified container already exists.")
            self._blobs.ensure_container(what.account, what.container)
            return Answer(201, _facts(b""))
        if not there:
            raise Refused(404, "ContainerNotFound", "The specified container does not exist.")
        if what.method == "DELETE":
            self._blobs.delete_container(what.account, what.container)
            return Answer(202)
        if not what.reads:
            raise _unknown(what)
        if what.query.get("comp") == "list":
            return self._list(what)
        return Answer(200, _facts(b""))

    def _list(self, what: BlobRequest) -> Answer:
        entries = []
        for name in self._blobs.names(what.account, what.container):
            if name.startswith(what.query.get("prefix", "")):
                data = self._blobs.get(what.account, what.container, name) or b""
                entries.append(
                    f"<Blob><Name>{escape(name)}</Name><Properties><Creation-Time>{_EPOCH}</Creation-Time>"
                    f"<Last-Modified>{_EPOCH}</Last-Modified><Etag>{_etag(data)}</Etag>"
                    f"<Content-Length>{len(data)}</Content-Length><Content-Type>{_TYPE}</Content-Type>"
                    "<BlobType>BlockBlob</BlobType></Properties></Blob>"
                )
        head = f'<EnumerationResults ServiceEndpoint="" ContainerName="{escape(what.container)}">'
        return _xml(f"{head}<Blobs>{''.join(entries)}</Blobs><NextMarker/>")

    def _blob(self, what: BlobRequest, headers: Mapping[str, str], body: bytes) -> Answer:
        place = (what.account, what.container, what.blob)
        data = self._blobs.get(*place)
        if "comp" in what.query or not what.blob:
            raise _unknown(what)
        if what.method == "PUT":
            if headers.get("x-ms-blob-type", "").lower() != "blockblob":
                raise _unknown(what)
            if headers.get("if-none-match") == "*" and data is not None:
                raise Refused(409, "BlobAlreadyExists", "The specified blob already exists.")
            self._blobs.put(*place, body)
            return Answer(201, _facts(body))
        if data is None:
            raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
        if what.method == "DELETE":
            self._blobs.delete(*place)
            return Answer(202)
        if what.method == "HEAD":
            return Answer(200, {**_facts(data), "Content-Length": str(len(data)), **_BLOCK})
        return _part(data, headers.get("x-ms-range") or headers.get("range") or "")

    def _check_signature(self, what: BlobRequest, raw_path: str, raw_query: str, headers: Mapping[str, str]) -> None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return
        account, _, signature = given.partition(":")
        text = _string_to_sign(what, raw_path, raw_query, headers).encode()
        keys = self._accounts().get(what.account, ()) if scheme == "SharedKey" and account == what.account else ()
        if not any(hmac.compare_digest(signature, _signature(key, text)) for key in keys):
            raise Refused(
                403,
                "AuthenticationFailed",
                "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
                "including the signature.",
            )


_EPOCH = formatdate(0, usegmt=True)
_TYPE = "application/octet-stream"
_BLOCK = {"x-ms-blob-type": "BlockBlob", "Accept-Ranges": "bytes"}


def _part(data: bytes, wanted: str) -> Answer:
    """The blob, or the part of it that a range asks for."""
    facts = {**_facts(data), **_BLOCK, "Content-Type": _TYPE}
    unit, _, span = wanted.partition("=")
    first, _, last = span.partition("-")
    if unit != "bytes" or not first.isdigit():
        return Answer(200, facts, data)
    start, end = int(first), min(int(last) if last.isdigit() else len(data), len(data) - 1)
    if start >= len(data):
        raise Refused(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
    return Answer(206, {**facts, "Content-Range": f"bytes {start}-{end}/{len(data)}"}, data[start : end + 1])


def _facts(data: bytes) -> dict[str, str]:
    return {"ETag": f'"{_etag(data)}"', "Last-Modified": _EPOCH, "x-ms-request-server-encrypted": "true"}


def _etag(data: bytes) -> str:
    return "0x" + hashlib.sha256(data).hexdigest()[:15].upper()


def _xml(open_document: str) -> Answer:
    text = f'<?xml version="1.0" encoding="utf-8"?>{open_document}</EnumerationResults>'
    return Answer(200, {"Content-Type": "application/xml"}, text.encode())


def _unknown(what: BlobRequest) -> Refused:
    message = f"{what.method} is not simulated here; start the simulator with --azurite for the whole Blob service."
    return Refused(501, "NotImplemented", message)


def _signature(key: str, text: bytes) -> str:
    return base64.b64encode(hmac.new(base64.b64decode(key), text, hashlib.sha256).digest()).decode()


def _string_to_sign(what: BlobRequest, raw_path: str, raw_query: str, headers: Mapping[str, str]) -> str:
    """By the documentation of "Authorize with Shared Key", since version 2015-02-21."""
    length = headers.get("content-length", "")
    shown = {**headers, "content-length": "" if length == "0" else length}
    if "x-ms-date" in headers:
        shown["date"] = ""
    lines = [what.method, *(shown.get(name, "") for name in _SIGNED)]
    lines += [f"{name}:{' '.join(headers[name].split())}" for name in sorted(headers) if name.startswith("x-ms-")]
    lines.append(f"/{what.account}{raw_path}")
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(raw_query, keep_blank_values=True):
        query.setdefault(name.lower(), []).append(value)
    lines += [f"{name}:{','.join(sorted(query[name]))}" for name in sorted(query)]
    return "\n".join(lines)
