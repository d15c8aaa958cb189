# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Named clouds and clouds that describe themselves."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.clouds import check_name, resolve_cloud
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError, OptionError, TransportError

URL = "https://management.local.test"
ENTRY = {
    "name": "Local",
    "authentication": {"loginEndpoint": "https://login.local.test/", "audiences": ["https://management.local.test/abc/", "https://other/"]},
    "resourceManager": "https://management.local.test/",
    "suffixes": {"storage": "local.test"},
}


def never(url: str) -> Any:
    raise AssertionError(f"nothing is to be fetched: {url}")


@pytest.mark.parametrize(
    ("name", "arm", "scope", "authority"),
    [
        (None, "https://management.azure.com", "https://management.azure.com/.default", "https://login.microsoftonline.com"),
        ("", "https://management.azure.com", "https://management.azure.com/.default", "https://login.microsoftonline.com"),
        ("azurecloud", "https://management.azure.com", "https://management.azure.com/.default", "https://login.microsoftonline.com"),
        ("AzurePublicCloud", "https://management.azure.com", "https://management.azure.com/.default", "https://login.microsoftonline.com"),
        (
            "AzureUSGovernment",
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net/.default",
            "https://login.microsoftonline.us",
        ),
        (" AZURECHINACLOUD ", "https://management.chinacloudapi.cn", "https://management.chinacloudapi.cn/.default", "https://login.chinacloudapi.cn"),
    ],
)
def test_known_clouds_need_no_request(name: str | None, arm: str, scope: str, authority: str) -> None:
    cloud = resolve_cloud(name, never)
    assert (cloud.arm_url, cloud.scope, cloud.authority, cloud.known) == (arm, scope, authority, True)
    check_name(name)


def test_an_endpoint_describes_itself() -> None:
    fetched: list[str] = []

    def fetch(url: str) -> Any:
        fetched.append(url)
        return ENTRY

    cloud = resolve_cloud(f"{URL}/", fetch)
    assert fetched == [f"{URL}/metadata/endpoints?api-version=2022-09-01"]
    assert (cloud.name, cloud.arm_url, cloud.audience, cloud.authority) == (
        "Local",
        URL,
        "https://management.local.test/abc",
        "https://login.local.test",
    )
    assert (cloud.blob_suffix, cloud.known) == ("blob.local.test", False)


def test_an_old_endpoint_answers_with_a_list() -> None:
    def fetch(url: str) -> Any:
        if "2022-09-01" in url:
            raise HttpError("no such version", status=400, code="InvalidApiVersionParameter")
        return [{"name": "AzureCloud", "resourceManager": "https://management.azure.com/"}, ENTRY]

    assert resolve_cloud(URL, fetch).name == "Local"


def test_a_list_of_one_is_that_one_and_a_missing_manager_is_the_endpoint() -> None:
    entry = {name: value for name, value in ENTRY.items() if name not in ("resourceManager", "suffixes", "name")}
    cloud = resolve_cloud(URL, lambda url: [entry])
    assert (cloud.name, cloud.arm_url, cloud.blob_suffix) == (URL, URL, "")


@pytest.mark.parametrize("name", ["http://management.local.test", "AzureMars", "management.azure.com", "https://", "https://u:p@h/", "ftp://h"])
def test_no_cloud_can_be_meant(name: str) -> None:
    for check in (lambda: check_name(name), lambda: resolve_cloud(name, never)):
        with pytest.raises(OptionError) as caught:
            check()
        assert caught.value.option == "cloud_environment"


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        [{"resourceManager": "https://a"}, {"resourceManager": "https://b"}],
        {**ENTRY, "resourceManager": "http://management.local.test"},
        {**ENTRY, "authentication": {"loginEndpoint": "http://login.local.test", "audiences": ["https://a"]}},
        {**ENTRY, "authentication": {"audiences": ["https://a"]}},
        {**ENTRY, "authentication": {"loginEndpoint": "https://login.local.test", "audiences": []}},
        {**ENTRY, "authentication": None},
    ],
)
def test_descriptions_that_cannot_be_used_are_refused(data: Any) -> None:
    with pytest.raises(OptionError):
        resolve_cloud(URL, lambda url: data)


def test_an_endpoint_that_is_no_resource_manager_is_a_bad_option_one_that_is_down_is_not() -> None:
    def not_there(url: str) -> Any:
        raise HttpError("not found", status=404)

    def down(url: str) -> Any:
        raise TransportError("refused", sent=False)

    def broken(url: str) -> Any:
        raise HttpError("bad gateway", status=502)

    with pytest.raises(OptionError, match="not found"):
        resolve_cloud(URL, not_there)
    with pytest.raises(TransportError):
        resolve_cloud(URL, down)
    with pytest.raises(HttpError):
        resolve_cloud(URL, broken)
