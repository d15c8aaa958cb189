# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to a client, and what is imported on the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.connect import connect
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import (
    HttpError,
    OptionError,
    ReadOnlyViolation,
    TransportError,
)

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import (
    API,
    VAULT,
    FakeClock,
    Wire,
    answer,
    failure,
    refused,
)

GIVEN = {"access_token": "given-token-value", "subscription_id": "s1"}
METADATA = {
    "name": "Sim",
    "authentication": {"loginEndpoint": "https://localhost:8443", "audiences": ["https://localhost:8443"]},
    "resourceManager": "https://localhost:8443",
}


def test_a_named_cloud_needs_no_request_of_its_own() -> None:
    wire = Wire(answer(200, {"ok": 1}))
    client = connect(GIVEN, environment={}, clock=FakeClock(), transport=wire)
    assert client.get(VAULT, API).body == {"ok": 1}
    assert wire.sent[0].url.startswith("https://management.azure.com/subscriptions/")
    assert wire.sent[0].headers["Authorization"] == "Bearer given-token-value"
    assert client.subscription_id == "s1"


def test_an_endpoint_is_discovered_once_without_the_token() -> None:
    wire = Wire(refused(), answer(503), answer(200, METADATA), answer(200, {}), answer(200, {}))
    client = connect(GIVEN, environment={"AZURE_CLOUD_ENVIRONMENT": "https://localhost:8443/"}, clock=FakeClock(), transport=wire)
    assert wire.sent == [], "nothing is sent before the first call"
    client.get(VAULT, API)
    client.get(VAULT, API)
    assert [sent.url.split("?")[0].removeprefix("https://localhost:8443") for sent in wire.sent] == ["/metadata/endpoints"] * 3 + [VAULT] * 2
    assert all("Authorization" not in sent.headers for sent in wire.sent[:3])


def test_an_endpoint_that_stays_down_is_an_error_of_the_wire() -> None:
    params = {**GIVEN, "cloud_environment": "https://localhost:8443"}
    with pytest.raises(TransportError) as caught:
        connect(params, environment={}, clock=FakeClock(), transport=Wire(refused(), forever=True)).get(VAULT, API)
    assert caught.value.operation == "GET metadata/endpoints"
    with pytest.raises(HttpError):
        connect(params, environment={}, clock=FakeClock(), transport=Wire(failure(500, "X"), forever=True)).get(VAULT, API)


def test_an_endpoint_that_answers_with_a_web_page_is_a_bad_option() -> None:
    params = {**GIVEN, "cloud_environment": "https://localhost:8443"}
    with pytest.raises(OptionError):
        connect(params, environment={}, clock=FakeClock(), transport=Wire(answer(200, b"<html>"), forever=True)).get(VAULT, API)


@pytest.mark.parametrize(
    ("params", "option"),
    [
        ({**GIVEN, "ca_path": "/none/ca.pem"}, "ca_path"),
        ({**GIVEN, "cloud_environment": "http://localhost:8443"}, "cloud_environment"),
        ({**GIVEN, "api_versions": ["x"]}, "api_versions"),
        ({"auth_source": "service_principal"}, "secret"),
        ({"auth_source": "magic"}, "auth_source"),
    ],
)
def test_bad_options_fail_at_once(params: dict[str, object], option: str) -> None:
    with pytest.raises(OptionError) as caught:
        connect(params, environment={}, transport=Wire())
    assert caught.value.option == option


def test_options_reach_the_client(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("x")
    wire = Wire(failure(409, "Odd"))
    client = connect(
        {**GIVEN, "ca_path": str(ca), "api_versions": {"backup": "2023-02-01", "vault": ""}},
        environment={},
        read_only=True,
        hints={"Odd": "Do."},
        transport=wire,
    )
    with pytest.raises(ReadOnlyViolation):
        client.put(VAULT, API, {})
    with pytest.raises(HttpError) as caught:
        client.get(VAULT, API)
    assert caught.value.hint == "Do."
    assert "api-version=2023-02-01" in wire.sent[0].url


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys\n"
        "from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.connect import connect\n"
        "from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm import poller\n"
        "connect({'client_id': 'a', 'secret': 'abcdef', 'tenant': 't', 'subscription_id': 's'}, environment={})\n"
        "print([name for name in ('requests', 'urllib3', 'azure', 'msal', 'ssl') if name in sys.modules])\n"
    )
    answered = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)})
    assert answered.stdout.strip() == "[]"


@pytest.mark.parametrize("version", ["x", "2025-2-1", "2025-02-01/..", "2025-02-01&x=1"])
def test_an_api_version_is_a_date(version: str) -> None:
    with pytest.raises(OptionError) as caught:
        connect({**GIVEN, "api_versions": {"backup": version}}, environment={})
    assert caught.value.option == "api_versions"
