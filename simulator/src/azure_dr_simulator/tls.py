# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate authority of the simulator and the certificates of its HTTPS ports."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

HOSTS = ("localhost", "127.0.0.1", "::1")


class Authority:
    """Signs certificates for loopback; clients have to trust `ca_file`.

    It is kept in `state_dir` (`ca.pem`, and `ca-key.pem` readable by the owner only) and used again by the next simulator
    started there, so that a tool configured once stays configured.
    """

    def __init__(self, state_dir: Path) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self.ca_file = state_dir / "ca.pem"
        self._authority = _authority(self.ca_file, state_dir / "ca-key.pem")

    def server_context(self) -> ssl.SSLContext:
        """A context for a server of this process."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._authority.issue_cert(*HOSTS, common_name="localhost").configure_cert(context)
        return context

    def issue(self, folder: Path) -> tuple[Path, Path]:
        """Certificate and private key files in the folder, for a server of another process."""
        leaf = self._authority.issue_cert(*HOSTS, common_name="localhost")
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        _write_private(key, leaf.private_key_pem.bytes())
        certificate.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
        return certificate, key


def _authority(ca_file: Path, key_file: Path) -> trustme.CA:
    if ca_file.exists() and key_file.exists():
        return trustme.CA.from_pem(ca_file.read_bytes(), key_file.read_bytes())
    authority = trustme.CA(organization_name="Azure DR simulator", organization_unit_name="local test authority")
    _write_private(key_file, authority.private_key_pem.bytes())
    ca_file.write_bytes(authority.cert_pem.bytes())
    return authority


def _write_private(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)
