# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rehearsals as users run them: from an installed artifact, on an exported estate, with credentials around that must not be used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from harness import places
from harness.ansible import Ansible
from harness.secrets import leaks
from harness.simulator import Simulator

COLLECTION = Path(__file__).resolve().parents[2]
FILES = COLLECTION / "tests" / "integration" / "targets" / "role_rehearse_recovery" / "files"
PLAYBOOK = "lifeboat.azure_dr.rehearse"
SECONDS_TO_END = 60


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the collection is installed, as Galaxy would."""
    folder = tmp_path_factory.mktemp("installed")
    galaxy = places.tool("ansible-galaxy")
    (folder / "ansible.cfg").touch()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    environment = {**kept, "HOME": str(folder), "ANSIBLE_HOME": str(folder / ".ansible"), "ANSIBLE_CONFIG": str(folder / "ansible.cfg")}
    for arguments in (["build", str(COLLECTION), "--output-path", str(folder)], ["install", "--offline", "--no-deps", "--collections-path", str(folder)]):
        artifact = [str(path) for path in folder.glob("*.tar.gz")]
        subprocess.run([galaxy, "collection", *arguments, *artifact], check=True, capture_output=True, env=environment, cwd=folder)
    found = folder / "ansible_collections" / "lifeboat" / "azure_dr"
    assert (found / "MANIFEST.json").is_file() and not (found / "simulator").exists()
    return folder


@pytest.fixture
def azure() -> Iterator[tuple[str, list[str]]]:
    """Stands for the real Azure: its URL, and who knocked."""
    knocks: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            knocks.append(self.client_address[0])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}", knocks
    server.shutdown()


def only(installed: Path) -> dict[str, str]:
    """The installed collection, and no other that Python may know of."""
    return {"ANSIBLE_COLLECTIONS_PATH": str(installed), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false", "PYTHONPATH": ""}


def poison(address: str) -> dict[str, str]:
    """What AWX and people's shells have, of an Azure that must not be asked."""
    cloud = f"https://{address}"
    return {
        "AZURE_CLOUD_ENVIRONMENT": cloud, "AZURE_AUTHORITY_HOST": cloud, "AZURE_ACCESS_TOKEN": "of-the-real-azure", "AZURE_CLIENT_ID": "of-the-real-azure",
        "AZURE_SECRET": "not-for-rehearsals", "AZURE_CLIENT_SECRET": "not-for-rehearsals", "AZURE_TENANT": "of-the-real-azure",
        "AZURE_SUBSCRIPTION_ID": "of-the-real-azure",
        "AZURE_CA_PATH": "/real.pem", "ANSIBLE_AZURE_AUTH_SOURCE": "access_token", "HTTPS_PROXY": f"http://{address}", "ALL_PROXY": f"http://{address}",
        "IDENTITY_ENDPOINT": cloud, "IDENTITY_HEADER": "of-the-real-azure",
    }  # fmt: skip


def export(start_simulator: Callable[..., Simulator], file: Path) -> None:
    """The estate of the plan, read from what stands for the team's Azure."""
    team = start_simulator(estate=FILES / "estate.yml", speed=1)
    plan = {"path": str(FILES / "plan.yml")}
    resolved = [team.run_module("recovery_plan_info", {**plan, "purpose": purpose}).ok().value for purpose in ("drill", "failover")]
    result = team.run_module("recovery_estate_info", {"plan": resolved}).ok()
    assert result["left_out"] == []
    file.write_text(json.dumps(result["estate"]))


def test_a_plan_on_an_exported_estate_with_credentials_around(
    start_simulator: Callable[..., Simulator], installed: Path, azure: tuple[str, list[str]], tmp_path: Path
) -> None:
    estate = tmp_path / "estate.json"
    export(start_simulator, estate)
    address, knocks = azure
    ansible = Ansible(tmp_path, {**poison(address), **only(installed)})
    files = {"lifeboat_plan": str(FILES / "plan.yml"), "lifeboat_estate": str(estate), "lifeboat_reports": str(tmp_path / "reports")}
    result = ansible.run(Path(PLAYBOOK), extra_vars={**files, "lifeboat_run_id": "r1"})
    assert result.returncode == 0, result.output[-4000:]
    assert knocks == []
    records = {path.name: json.loads(path.read_text()) for path in (tmp_path / "reports" / "r1").glob("r1-*.report.json")}
    assert set(records) == {"r1-drill.report.json", "r1-failover.report.json"}
    for report in records.values():
        assert report["verdict"]["result"] == "passed", report["verdict"]
        assert report["record"]["environment"] == "simulator" and report["record"]["waves"][1]["pause"]["by"] == "the rehearsal"
        (application,) = report["measures"]["applications"]
        assert application["rto"]["state"] == application["rpo"]["state"] == "met"
    assert "r1: PASSED" in result.stdout and "not rehearsed: the check rows are there" in result.stdout
    assert leaks(ansible.outputs, ["not-for-rehearsals"]) == []


def test_in_check_mode_nothing_is_written(installed: Path, tmp_path: Path) -> None:
    ansible = Ansible(tmp_path, only(installed))
    variables = {"lifeboat_plan": str(FILES / "plan.yml"), "lifeboat_estate": str(FILES / "estate.yml"), "lifeboat_reports": str(tmp_path / "reports")}
    result = ansible.run(Path(PLAYBOOK), check=True, extra_vars={**variables, "lifeboat_steps": "drill"})
    assert result.returncode == 0, result.output[-4000:]
    assert not (tmp_path / "reports").exists()


def test_who_lacks_the_simulator_is_told_how_to_get_it(installed: Path, tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    environment = {
        "HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": sysconfig.get_path("purelib"), "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(installed / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": str(installed), "ANSIBLE_NOCOLOR": "1",
    }  # fmt: skip
    command = [str(python), places.tool("ansible-playbook"), PLAYBOOK]
    result = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert result.returncode == 2 and "the simulator is not installed" in result.stdout
    assert "pip install ./simulator" in result.stdout and str(python.parent) in result.stdout


def test_the_simulator_ends_with_a_playbook_that_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "simulator"
    tasks: list[dict[str, Any]] = [
        Ansible.task("simulator", {"folder": str(folder)}),
        Ansible.task("ansible.builtin.command", {"cmd": f"sleep {SECONDS_TO_END * 10}"}),
    ]
    run = Ansible(tmp_path, {}).start(tasks)
    deadline = time.monotonic() + SECONDS_TO_END
    while not (folder / "ready.json").exists() or not run.tasks():
        assert run.process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    run.kill()
    # The simulator removes the file when it ends.
    while (folder / "ready.json").exists():
        assert time.monotonic() < deadline + SECONDS_TO_END
        time.sleep(0.1)
