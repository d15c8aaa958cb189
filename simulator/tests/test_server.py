# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process as users start it: TLS, ready file, control port, scripted faults on the wire, shutdown."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from azure_dr_simulator.cli import main
from harness import Served


def fault(served: Served, kind: str, *, match: dict[str, Any] | None = None, **answer: Any) -> None:
    document = {"match": {"path": "/resourceGroups", **(match or {})}, "answer": {"kind": kind, **answer}}
    assert served.control("POST", "/faults", json=document).status_code == 201


def subscription(served: Served) -> str:
    return f"/subscriptions/{served.ready['subscription_id']}"


def groups(served: Served) -> requests.Response:
    return served.arm("GET", f"{subscription(served)}/resourceGroups")


def new_group(served: Served, name: str) -> requests.Response:
    return served.arm("PUT", f"{subscription(served)}/resourceGroups/{name}", json={"location": "eastasia"})


def test_ready_file(served: Served) -> None:
    assert set(served.ready) == {
        "arm_url", "ca_file", "control_url", "imds_url", "tenant_id", "subscription_id", "client_id", "client_secret", "location",
        "guest_proxy_url",
    }  # fmt: skip
    assert stat.S_IMODE(os.stat(served.ready_file).st_mode) == 0o600
    assert served.ready["arm_url"].startswith("https://localhost:")


def test_certificate_is_good_for_both_names_and_nobody_else_trusts_it(served: Served) -> None:
    port = int(served.ready["arm_url"].rsplit(":", 1)[1])
    context = ssl.create_default_context(cafile=served.ready["ca_file"])
    for host in ("localhost", "127.0.0.1"):
        with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(
            raw, server_hostname=host
        ) as secure:
            assert secure.version() in ("TLSv1.2", "TLSv1.3")
    with socket.create_connection(("127.0.0.1", port)) as raw, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(raw, server_hostname="localhost")


def test_answers_name_the_host_that_was_asked(served: Served) -> None:
    port = served.ready["arm_url"].rsplit(":", 1)[1]
    url = f"https://127.0.0.1:{port}/metadata/endpoints?api-version=2022-09-01"
    assert served.session.get(url).json()["resourceManager"] == f"https://127.0.0.1:{port}/"


def test_long_request_lines_and_headers(served: Served) -> None:
    url = f"{served.ready['arm_url']}{subscription(served)}?api-version=2022-12-01&t={'1' * 18}&c={'x' * 16_000}"
    assert served.session.get(url, headers={"x-ms-client-request-id": "y" * 16_000}).status_code == 200


def test_requests_are_recorded_without_secrets(served: Served) -> None:
    served.sign_in()
    groups(served)
    new_group(served, "rg-recorded")
    served.arm("GET", f"{subscription(served)}/resourceGroups/a%3Bb")
    entries = served.control("GET", "/requests").json()
    assert [(one["endpoint"], one["method"], one["status"], one["write"]) for one in entries] == [
        ("login", "POST", 200, False),
        ("arm", "GET", 200, False),
        ("arm", "PUT", 201, True),
        ("arm", "GET", 404, False),
    ]
    last = entries[-1]
    assert (last["path"].rsplit("/", 1)[-1], last["raw_path"].rsplit("/", 1)[-1]) == ("a;b", "a%3Bb")
    assert (last["api_version"], last["code"]) == ("2024-11-01", "ResourceGroupNotFound")
    assert last["bytes"] > 0 and last["principal"]
    text = served.control("GET", "/requests").text + served.control("GET", "/state").text
    assert served.ready["client_secret"] not in text
    assert served.session.headers["Authorization"].split()[1] not in text
    assert [one["method"] for one in served.control("GET", "/requests?writes").json()] == ["PUT"]
    assert served.control("GET", "/summary").json()["writes"] == 1
    served.control("DELETE", "/requests")
    assert served.control("GET", "/requests").json() == []


def test_signatures_are_not_recorded(served: Served) -> None:
    vm = f"{subscription(served)}/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/web-02"
    status = served.arm("POST", f"{vm}/start").headers["Azure-AsyncOperation"]
    assert served.session.get(status).json()["status"] in ("InProgress", "Succeeded")
    entry = served.control("GET", "/requests").json()[-1]
    assert (entry["signed"], set(entry["query"])) == (True, {"p", "api-version"})


def test_status_fault(served: Served) -> None:
    fault(served, "status", status=429, code="TooManyRequests", message="Slow down.", retry_after=7)
    answer = groups(served)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["error"] == {"code": "TooManyRequests", "message": "Slow down."}
    assert groups(served).status_code == 200
    assert served.control("GET", "/requests").json()[0]["faults"] == ["status"]


def test_reset_before_leaves_no_effect(served: Served) -> None:
    fault(served, "reset_before", match={"method": "PUT"})
    with pytest.raises(requests.ConnectionError):
        new_group(served, "rg-before")
    assert served.arm("GET", f"{subscription(served)}/resourceGroups/rg-before").status_code == 404
    assert served.control("GET", "/requests").json()[0]["status"] is None


def test_reset_after_has_its_effect(served: Served) -> None:
    fault(served, "reset_after", match={"method": "PUT"})
    with pytest.raises(requests.ConnectionError):
        new_group(served, "rg-after")
    assert served.arm("GET", f"{subscription(served)}/resourceGroups/rg-after").status_code == 200


def test_malformed_body(served: Served) -> None:
    fault(served, "malformed")
    answer = groups(served)
    assert answer.status_code == 200
    with pytest.raises(ValueError):
        answer.json()


def test_delay(served: Served) -> None:
    fault(served, "delay", seconds=30)
    with pytest.raises(requests.ReadTimeout):
        served.session.get(
            f"{served.ready['arm_url']}{subscription(served)}/resourceGroups?api-version=2021-04-01", timeout=0.5
        )
    assert groups(served).status_code == 200


def test_expire_tokens(served: Served) -> None:
    fault(served, "expire_tokens")
    answer = groups(served)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")
    served.sign_in()
    assert groups(served).status_code == 200


def test_fault_on_the_login_endpoint(served: Served) -> None:
    served.control("POST", "/faults", json={"match": {"path": "/oauth2/"}, "answer": {"kind": "status", "status": 503}})
    url = f"{served.ready['arm_url']}/{served.ready['tenant_id']}/oauth2/v2.0/token"
    assert served.session.post(url, data={}).status_code == 503


def test_faults_can_be_listed_and_dropped(served: Served) -> None:
    fault(served, "status", match={"hit": 99})
    groups(served)
    assert [one["seen"] for one in served.control("GET", "/faults").json()] == [1]
    served.control("DELETE", "/faults")
    assert served.control("GET", "/faults").json() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [("/faults", b"{"), ("/faults", b'{"answer": {"kind": "x"}}'), ("/clock", b"{}"), ("/clock", b'{"advance": -1}')],
)
def test_nonsense_on_the_control_port(served: Served, path: str, body: bytes) -> None:
    answer = served.control("POST", path, data=body)
    assert answer.status_code == 400 and answer.json()["error"]


def test_clock(served: Served) -> None:
    vm = f"{subscription(served)}/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/web-03"
    before = served.control("GET", "/clock").json()
    status = served.arm("POST", f"{vm}/deallocate").headers["Azure-AsyncOperation"]
    after = served.control("POST", "/clock", json={"advance": 3600}).json()
    assert after["elapsed"] - before["elapsed"] >= 3600
    assert served.session.get(status).json()["status"] == "Succeeded"
    machines = served.control("GET", "/state").json()["compute"]["virtualMachines"]
    assert [one["powerState"] for one in machines if one["id"] == vm] == ["deallocated"]


def test_managed_identity_port(served: Served) -> None:
    url = f"{served.ready['imds_url']}/metadata/identity/oauth2/token"
    query = {"api-version": "2018-02-01", "resource": "https://management.azure.com/"}
    assert requests.get(url, params=query).status_code == 400
    token = requests.get(url, params=query, headers={"Metadata": "true"}).json()["access_token"]
    answer = served.arm("GET", f"{subscription(served)}/resourceGroups", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_azure_identity_signs_in(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = pytest.importorskip("azure.identity")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", served.ready["ca_file"])
    credential = identity.ClientSecretCredential(
        served.ready["tenant_id"],
        served.ready["client_id"],
        served.ready["client_secret"],
        authority=served.ready["arm_url"],
        disable_instance_discovery=True,
    )
    token = credential.get_token(f"{served.ready['arm_url']}/.default").token
    answer = served.arm("GET", f"{subscription(served)}/resourceGroups", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_clean_end_and_kept_authority(tmp_path: Path, number: signal.Signals) -> None:
    first = Served(tmp_path, "--state-dir", str(tmp_path / "state"))
    authority = Path(first.ready["ca_file"]).read_bytes()
    assert stat.S_IMODE(os.stat(tmp_path / "state" / "ca-key.pem").st_mode) == 0o600
    first.process.send_signal(number)
    assert first.process.wait(30) == 0
    assert not first.ready_file.exists()
    second = Served(tmp_path, "--state-dir", str(tmp_path / "state"))
    assert Path(second.ready["ca_file"]).read_bytes() == authority
    assert second.session.get(f"{second.ready['arm_url']}/metadata/endpoints?api-version=2022-09-01").status_code == 200
    assert second.stop() == 0


def test_taken_port_is_an_error(served: Served) -> None:
    port = served.ready["arm_url"].rsplit(":", 1)[1]
    source = str(Path(__file__).parents[1] / "src")
    command = [sys.executable, "-m", "azure_dr_simulator", "--port", port]
    ended = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": source}, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "address already in use" in ended.stderr.lower()


def test_wrong_estate_is_an_error_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "estate.yml").write_text("resource_groups: [{nme: x}]\n")
    assert main(["--estate", str(tmp_path / "estate.yml")]) == 2
    assert "resource_groups[0].name: is required" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--speed", "0"], ["--vms", "-1"], ["--throttle", "2019"], ["--nonsense"]])
def test_wrong_options(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_it_ends_with_the_process_that_it_is_for(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    simulator = Served(tmp_path, "--stop-with", str(owner.pid))
    try:
        assert simulator.process.poll() is None
        owner.kill()
        owner.wait()
        assert simulator.process.wait(timeout=60) == 0
    finally:
        simulator.stop()
    assert not simulator.ready_file.exists()


def test_it_does_not_outlive_a_process_that_is_gone_already(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", ""])
    owner.wait()
    assert main(["--ready-file", str(tmp_path / "ready.json"), "--stop-with", str(owner.pid)]) == 0


def test_time_waits_for_the_first_change(tmp_path: Path) -> None:
    simulator = Served(tmp_path, "--speed", "100000", "--slow-start")
    try:
        simulator.sign_in()
        assert groups(simulator).status_code == 200
        before = simulator.control("GET", "/clock").json()
        assert before["speed"] == 1 and before["elapsed"] < 3600
        assert new_group(simulator, "rg-new").status_code == 201
        after = simulator.control("GET", "/clock").json()
        assert after["speed"] == 100000 and after["elapsed"] > before["elapsed"]
    finally:
        simulator.stop()
