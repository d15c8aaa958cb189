# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks in a rehearsal's environment reach the simulator, and nobody else; who lacks the simulator is told how to get it."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.auth.options import ENVIRONMENT, read_options
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.auth.workload_identity import METHOD
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._simulator.environment import NOWHERE, federated_token, rehearsal_environment, rehearsal_options
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._simulator.process import COMMAND, Settings, SimulatorFolder, find_executable
from ansible_collections.lifeboat.azure_dr.plugins.modules import simulator
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

READY = {
    "arm_url": "https://localhost:1", "ca_file": "/ca.pem", "tenant_id": "t", "subscription_id": "s", "client_id": "c", "client_secret": "hidden",
    "control_url": "http://127.0.0.1:2", "location": "eastasia",
}  # fmt: skip
POISON = {name: "real" for names in ENVIRONMENT.values() for name in names} | {"AZURE_OF_TOMORROW": "real", "ARM_CLIENT_SECRET": "real", "MSI_SECRET": "real"}


def test_nothing_that_signs_in_elsewhere_is_left(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(federated_token("c"))
    environment = rehearsal_environment(READY, str(token), "/empty", [*POISON, "HOME"])
    assert "hidden" not in environment.values() and "HOME" not in environment
    assert {environment[name] for name in POISON} <= {"", READY["arm_url"], READY["ca_file"], "t", "s", "c"}
    options = read_options({}, {**POISON, **environment})
    assert (options.cloud_environment, options.subscription_id, options.secret, options.access_token) == (READY["arm_url"], "s", None, None)
    assert METHOD.gap(options) is None
    assert environment["HTTPS_PROXY"] == environment["https_proxy"] == NOWHERE and "localhost" in environment["NO_PROXY"]


def test_options_of_a_play_win_no_more() -> None:
    given = {name: "real" for name in ENVIRONMENT}
    options = read_options({**given, **rehearsal_options(READY)}, {})
    assert "real" not in (options.secret, options.access_token, options.cloud_environment, options.client_id, options.tenant, options.x509_certificate_path)
    assert options.auth_source == "workload_identity"


def test_the_token_is_of_a_shape_that_is_worth_nothing() -> None:
    header, claims, signature = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in federated_token("c").split("."))
    assert header["alg"] == "RS256" and claims["sub"] == "c" and claims["iss"].endswith(".invalid") and signature == {}


def test_where_the_simulator_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "on-path"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    for folder in ("beside", "on-path"):
        (tmp_path / folder).mkdir()
    with pytest.raises(OptionError) as missing:
        find_executable(None, [str(tmp_path / "beside" / "python")])
    assert "pip install ./simulator" in str(missing.value) and str(tmp_path / "beside") in str(missing.value)
    for folder in ("on-path", "beside"):
        command = tmp_path / folder / COMMAND
        command.write_text("#!/bin/sh\n")
        command.chmod(0o755)
        assert find_executable(None, [str(tmp_path / "beside" / "python")]) == str(command)
    assert find_executable(str(tmp_path / "on-path" / COMMAND)) == str(tmp_path / "on-path" / COMMAND)
    with pytest.raises(OptionError):
        find_executable("no-such-command")


def test_how_it_is_started() -> None:
    command = Settings("sim", "/estate.yml", 20.0, True, "off", "azurite-blob", 7).command(Path("/folder"))
    pairs = dict(zip(command[2::2], command[3::2]))
    assert command[:2] == ["sim", "--slow-start"]
    assert pairs == {
        "--ready-file": "/folder/ready.json", "--state-dir": "/folder/tls", "--speed": "20", "--throttle": "off", "--estate": "/estate.yml",
        "--azurite": "azurite-blob", "--stop-with": "7",
    }  # fmt: skip
    assert Settings("sim").command(Path("/f")) == ["sim", "--ready-file", "/f/ready.json", "--state-dir", "/f/tls", "--speed", "600", "--throttle", "2026"]


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(OptionError):
        SimulatorFolder(tmp_path).stop()
    assert (tmp_path / "precious").exists()
    assert not SimulatorFolder(tmp_path / "missing").stop()


@pytest.mark.parametrize(
    ("params", "option"),
    [({"estate": "/no/such/estate.yml"}, "estate"), ({"speed": 0}, "speed"), ({"executable": "no-such-command"}, "executable")],
)
def test_bad_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, params: dict[str, Any], option: str) -> None:
    result = run_module(monkeypatch, simulator, None, folder=str(tmp_path / "new"), **{"executable": "/bin/sh", **params})
    assert result["failed"] and result["failure"]["target"] == option and not (tmp_path / "new").exists()


@pytest.mark.parametrize(("state", "changed"), [("started", True), ("stopped", False)])
def test_check_mode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: str, changed: bool) -> None:
    result = run_module(monkeypatch, simulator, None, check=True, folder=str(tmp_path / "new"), executable="/bin/sh", state=state)
    assert not result["failed"] and result["changed"] is changed and not (tmp_path / "new").exists()
