# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate authority of the simulator and the certificate of its HTTPS port."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

HOSTS = ("localhost", "127.0.0.1", "::1")


def server_context(state_dir: Path) -> tuple[ssl.SSLContext, Path]:
    """A server context for loopback, and the CA file that clients have to trust.

    The authority is kept in `state_dir` (`ca.pem`, and `ca-key.pem` readable by the owner only) and used again by the next
    simulator started there, so that a tool configured once stays configured.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    ca_file, key_file = state_dir / "ca.pem", state_dir / "ca-key.pem"
    authority = _authority(ca_file, key_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(*HOSTS, common_name="localhost").configure_cert(context)
    return context, ca_file


def _authority(ca_file: Path, key_file: Path) -> trustme.CA:
    if ca_file.exists() and key_file.exists():
        return trustme.CA.from_pem(ca_file.read_bytes(), key_file.read_bytes())
    authority = trustme.CA(organization_name="Azure DR simulator", organization_unit_name="local test authority")
    key_file.touch(mode=0o600)
    key_file.write_bytes(authority.private_key_pem.bytes())
    ca_file.write_bytes(authority.cert_pem.bytes())
    return authority
