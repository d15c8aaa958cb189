# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Azurite as a child process, with the accounts and keys of the simulated storage accounts."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from ..tls import Authority

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

HOST = "127.0.0.1"
_SECONDS_TO_START = 60
_SECONDS_TO_STOP = 5
Accounts = Mapping[str, Sequence[str]]
"""Account name -> its keys, base64."""


class AzuriteError(Exception):
    """Azurite cannot be started; the text is for a person."""


class AzuriteBlobs:
    """Blobs in an Azurite that listens on a loopback port with a certificate of the simulator's authority.

    `accounts` is asked before each use. Azurite reads accounts only when it starts, so it is started anew, on the same
    folder, when there is a new account or key.
    """

    def __init__(self, command: Sequence[str], folder: Path, authority: Authority, accounts: Callable[[], Accounts]):
        self._command = list(command)
        self._folder = folder
        self._authority = authority
        self._accounts = accounts
        self._serving: dict[str, tuple[str, ...]] = {}
        self._clients: dict[str, BlobServiceClient] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._port = _free_port()
        self.url = f"https://{HOST}:{self._port}"

    def start(self) -> None:
        """Starts Azurite, or starts it anew when the accounts have changed. Raises AzuriteError."""
        accounts = {name: tuple(keys) for name, keys in self._accounts().items()}
        if self._process is not None and self._process.poll() is None and accounts == self._serving:
            return
        self.stop()
        self._folder.mkdir(parents=True, exist_ok=True)
        certificate, key = self._authority.issue(self._folder)
        listen = ["--blobHost", HOST, "--blobPort", str(self._port), "--cert", str(certificate), "--key", str(key)]
        modes = ["--oauth", "basic", "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        served = ";".join(":".join([name, *keys]) for name, keys in accounts.items())
        log = self._folder / "azurite.log"
        with log.open("ab") as output:
            try:
                self._process = subprocess.Popen(
                    [*self._command, *listen, *modes, "--location", str(self._folder)],
                    env={**os.environ, **({"AZURITE_ACCOUNTS": served} if served else {})},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            except OSError as error:
                raise AzuriteError(f"cannot start {self._command[0]}: {error.strerror}") from None
        self._serving = accounts
        self._wait(log)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        self._clients.clear()

    def ensure_container(self, account: str, container: str) -> None:
        client = self._client(account).get_container_client(container)
        if not client.exists():
            client.create_container()

    def put(self, account: str, container: str, name: str, data: bytes) -> None:
        self.ensure_container(account, container)
        self._client(account).get_blob_client(container, name).upload_blob(data, overwrite=True)

    def get(self, account: str, container: str, name: str) -> bytes | None:
        blob = self._client(account).get_blob_client(container, name)
        return bytes(blob.download_blob().readall()) if blob.exists() else None

    def delete(self, account: str, container: str, name: str) -> None:
        blob = self._client(account).get_blob_client(container, name)
        if blob.exists():
            blob.delete_blob()

    def delete_container(self, account: str, container: str) -> None:
        client = self._client(account).get_container_client(container)
        if client.exists():
            client.delete_container()

    def _client(self, account: str) -> BlobServiceClient:
        self.start()
        if account not in self._clients:
            # Imported when it is needed: most simulators have no Azurite.
            from azure.storage.blob import BlobServiceClient

            credential: Any = {"account_name": account, "account_key": self._serving[account][0]}
            self._clients[account] = BlobServiceClient(
                f"{self.url}/{account}", credential=credential, connection_verify=str(self._authority.ca_file)
            )
        return self._clients[account]

    def _wait(self, log: Path) -> None:
        deadline = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, self._port)) == 0:
                    return
            time.sleep(0.05)
        self.stop()
        said = log.read_text(errors="replace").strip()
        raise AzuriteError(f"Azurite did not start ({' '.join(self._command)}). It said: {said[-2000:] or 'nothing'}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
