# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The blob endpoint that clients see: Azurite behind the simulator's gate.

The gate adds what Azurite does not know: who may read and write (data roles, keys that are not allowed, firewall), scripted
faults, the record of requests, and the virtual time in which blobs were written.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import format_datetime
from typing import Mapping
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from ..estate import Principal
from ..gate.roles import grants_of, may_data
from ..identity.tokens import TokenIssuer, TokenRefused
from ..services.storage.state import Account, StorageState, put_container
from ..world import World
from . import BlobStore

AUDIENCE = "https://storage.azure.com"
READ, WRITE, DELETE = (
    f"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/{verb}" for verb in ("read", "write", "delete")
)


class Refused(Exception):
    """An answer of the gate instead of Azurite's."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = {"x-ms-error-code": code, "Content-Type": "application/xml", **(headers or {})}

    def body(self) -> bytes:
        text = f"<Error><Code>{self.code}</Code><Message>{escape(self.message)}</Message></Error>"
        return f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()


@dataclass(frozen=True)
class BlobRequest:
    """A request by its parts; `container` and `blob` are empty when it is about less."""

    method: str
    account: str
    container: str
    blob: str
    query: Mapping[str, str]

    @property
    def reads(self) -> bool:
        return self.method in ("GET", "HEAD")

    @property
    def of_account(self) -> bool:
        return not self.container

    @property
    def of_container(self) -> bool:
        return bool(self.container) and not self.blob and self.query.get("restype") == "container"

    @property
    def action(self) -> str:
        """The data action that Azure asks a role for."""
        if self.of_container and self.query.get("comp") != "list":
            # Creating and removing containers are control actions that the data roles carry as well.
            return READ if self.reads else WRITE
        return READ if self.reads else DELETE if self.method == "DELETE" else WRITE


def parse(method: str, raw_path: str, raw_query: str) -> BlobRequest:
    """Path style: `/account/container/blob`; a blob's name may hold slashes."""
    parts = [unquote(part) for part in raw_path.lstrip("/").split("/", 2)] + ["", ""]
    query = {name: values[-1] for name, values in parse_qs(raw_query, keep_blank_values=True).items()}
    return BlobRequest(method, parts[0], parts[1], parts[2], query)


class BlobGate:
    """What happens before and after Azurite."""

    def __init__(self, world: World, tokens: TokenIssuer) -> None:
        self._world = world
        self._tokens = tokens

    def admit(self, request: BlobRequest, headers: Mapping[str, str]) -> None:
        """Raises Refused, as Azure Storage would; brings Azurite's containers in line with ARM's."""
        account = self._world.state(StorageState).named(request.account)
        if account is None:
            raise Refused(404, "ResourceNotFound", "The specified resource does not exist.")
        self._check_caller(request, account, headers.get("authorization", ""))
        if (account.extra.get("networkAcls") or {}).get("defaultAction") == "Deny":
            raise Refused(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")
        blobs = self._world.state(BlobStore).blobs
        if request.of_account and request.query.get("comp") == "list":
            for container in account.containers:
                blobs.ensure_container(account.name, container)
        elif request.container in account.containers:
            blobs.ensure_container(account.name, request.container)
        elif request.container and not (request.of_container and request.method == "PUT"):
            raise Refused(404, "ContainerNotFound", "The specified container does not exist.")

    def check(self, status: int, code: str) -> None:
        """Raises Refused where Azurite words a wrong signature in its own way."""
        if (status, code) == (400, "InvalidAuthenticationInfo"):
            raise Refused(
                403,
                "AuthenticationFailed",
                "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
                "including the signature.",
            )

    def settle(self, request: BlobRequest, status: int) -> None:
        """After Azurite has answered: what was written or removed, and when."""
        account = self._world.state(StorageState).named(request.account)
        if account is None or request.reads or status >= 300:
            return
        written = self._world.state(BlobStore).written
        key = (account.name, request.container, request.blob)
        if request.of_container and request.method == "PUT" and "comp" not in request.query:
            put_container(self._world, account, request.container)
        elif request.of_container and request.method == "DELETE":
            account.containers.pop(request.container, None)
        elif request.blob and request.method == "DELETE":
            written.pop(key, None)
        elif request.blob and request.query.get("comp") in (None, "blocklist", "metadata", "properties", "appendblock"):
            written[key] = self._world.now()

    def date(self) -> str:
        """Virtual now, as the header Date has it."""
        return format_datetime(self._world.now(), usegmt=True)

    def written(self, request: BlobRequest) -> dict[str, str]:
        """Headers that tell when the blob was written, in virtual time; none for anything but a blob."""
        when = self._world.state(BlobStore).written.get((request.account, request.container, request.blob))
        return dict.fromkeys(("Last-Modified", "x-ms-creation-time"), format_datetime(when, usegmt=True)) if when else {}

    def listed(self, request: BlobRequest, body: bytes) -> bytes:
        """A list of blobs with the virtual times of their writing."""
        if not (request.of_container and request.query.get("comp") == "list" and body.lstrip().startswith(b"<")):
            return body
        tree = ElementTree.fromstring(body)
        written = self._world.state(BlobStore).written
        for blob in tree.iter("Blob"):
            when = written.get((request.account, request.container, blob.findtext("Name") or ""))
            for name in ("Last-Modified", "Creation-Time"):
                found = blob.find(f"Properties/{name}")
                if found is not None and when is not None:
                    found.text = format_datetime(when, usegmt=True)
        return bytes(ElementTree.tostring(tree, encoding="utf-8", xml_declaration=True))

    def _check_caller(self, request: BlobRequest, account: Account, authorization: str) -> None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            # Azurite checks the signature itself.
            if scheme and not account.allow_shared_key:
                raise Refused(
                    403,
                    "KeyBasedAuthenticationNotPermitted",
                    "Key based authentication is not permitted on this storage account.",
                )
            return
        principal = self._principal(token, request.account)
        grants = grants_of(principal, account.subscription_id)
        if not may_data(grants, request.action, account.id):
            raise Refused(
                403,
                "AuthorizationPermissionMismatch",
                "This request is not authorized to perform this operation using this permission.",
            )

    def _principal(self, token: str, account: str) -> Principal:
        try:
            return self._tokens.principal_of(token, {AUDIENCE, f"https://{account}.blob.core.windows.net"})
        except TokenRefused as problem:
            raise Refused(
                401,
                "InvalidAuthenticationInfo",
                f"Server failed to authenticate the request ({problem.reason}). Please refer to the information in the "
                "www-authenticate header.",
                {"WWW-Authenticate": f"Bearer resource_id={AUDIENCE}"},
            ) from None
