# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""az apim: a service's life, its backup, its restore into another one, and what was deleted."""

from __future__ import annotations

from typing import Any

import pytest
from command_line import AzureCli
from harness.control import Control

ONE, TWO = "-g rg-prod -n apim-cli-one", "-g rg-dr -n apim-cli-two"


@pytest.fixture(scope="module")
def place(az: AzureCli) -> str:
    """The options that say where a backup lies."""
    key = az.storage_key("stclistaging")
    return f"--backup-name nightly --storage-account-name stclistaging --storage-account-container apim --storage-account-key {key}"


def _apis(az: AzureCli, service: str) -> list[str]:
    return [one["name"] for one in az(f"apim api list {service.replace('-n', '--service-name')}")]


def test_services(az: AzureCli) -> None:
    assert {"apim-cli-one", "apim-cli-two"} <= {one["name"] for one in az("apim list")}
    assert [one["name"] for one in az("apim list -g rg-prod")] == ["apim-cli-one"]
    service: dict[str, Any] = az(f"apim show {ONE}")
    assert (service["provisioningState"], service["sku"]["name"], service["location"]) == ("Succeeded", "Developer", "East Asia")
    assert az("apim check-name -n apim-cli-one")["nameAvailable"] is False
    assert "ResourceNotFound" in az.fails("apim show -g rg-prod -n none")


def test_backup_and_restore_into_another_service(az: AzureCli, control: Control, place: str) -> None:
    az(f"apim backup {ONE} {place}")
    assert "nightly" in str(control.state()["storage"])
    az(f"apim restore {TWO} {place}")
    assert _apis(az, TWO) == _apis(az, ONE) == ["orders"]


def test_a_restore_that_azure_refuses(az: AzureCli, place: str) -> None:
    message = az.fails(f"apim restore {TWO} {place.replace('nightly', 'none')}")
    assert "RestoreFailed" in message and "was not found" in message


def test_what_is_served(az: AzureCli) -> None:
    where = "-g rg-prod --service-name apim-cli-one"
    az(f"apim api create {where} --api-id bills --path bills --display-name Bills")
    az(f"apim product create {where} --product-id clerks --product-name Clerks --state published")
    az(f"apim product api add {where} --product-id clerks --api-id bills")
    assert [one["name"] for one in az(f"apim product api list {where} --product-id clerks")] == ["bills"]
    az(f"apim nv create {where} --named-value-id mode --display-name mode --value on")
    assert az(f"apim nv show {where} --named-value-id mode")["value"] == "on"
    az(f"apim api delete {where} --api-id bills --yes")
    assert az(f"apim product api list {where} --product-id clerks") == []


def test_life_of_a_service(az: AzureCli) -> None:
    made = "-g rg-dr -n apim-cli-new"
    az(f"apim create {made} -l eastasia --publisher-email apim@contoso.example --publisher-name Contoso --sku-name Consumption")
    assert az(f"apim show {made}")["platformVersion"] == "mtv1"
    az(f"apim update {made} --publisher-name Fabrikam")
    assert az(f"apim show {made}")["publisherName"] == "Fabrikam"
    az(f"apim delete {made} --yes")
    assert [one["name"] for one in az("apim deletedservice list")] == ["apim-cli-new"]
    assert az("apim deletedservice show -l eastasia -n apim-cli-new")["serviceId"].endswith("/service/apim-cli-new")
    az("apim deletedservice purge -l eastasia -n apim-cli-new")
    assert az("apim deletedservice list") == []


def test_a_service_comes_changes_and_goes(az: AzureCli) -> None:
    """A deleted one keeps its name until it is purged."""
    where, deleted = "-g rg-dr -n apim-cli-new", "--location eastasia --service-name apim-cli-new"
    create = f"apim create {where} --location eastasia --publisher-email apim@contoso.example --publisher-name Contoso --sku-name Developer"
    assert az(create)["provisioningState"] == "Succeeded"
    assert az(f"apim update {where} --tags drill=yes")["tags"] == {"drill": "yes"}
    az(f"apim update {where} --enable-managed-identity true")
    assert az(f"apim show {where}")["identity"]["type"] == "SystemAssigned"
    az(f"apim delete {where} --yes")
    assert "ResourceNotFound" in az.fails(f"apim show {where}")
    assert [one["name"] for one in az("apim deletedservice list")] == ["apim-cli-new"]
    assert az(f"apim deletedservice show {deleted}")["serviceId"].endswith("/apim-cli-new")
    assert "ServiceAlreadyExistsInSoftDeletedState" in az.fails(create)
    az(f"apim deletedservice purge {deleted}")
    assert az("apim deletedservice list") == []
