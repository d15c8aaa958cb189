# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-mgmt-apimanagement: a service's life, its backup and its restore into another service."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.apimanagement import models


def _place(azure: Any, **changes: Any) -> Any:
    """Where backups lie, with the account's key."""
    keys = azure.sim.arm("POST", azure.sim.rg("rg-dr") + "/providers/Microsoft.Storage/storageAccounts/ststagingea/listKeys").json()["keys"]
    place = {"storage_account": "ststagingea", "container_name": "apim", "backup_name": "nightly", "access_key": keys[0]["value"]}
    return models.ApiManagementServiceBackupRestoreParameters(**{**place, **changes})


def _new(name: str = "Developer", **more: Any) -> Any:
    capacity = 0 if name == "Consumption" else 1
    return models.ApiManagementServiceResource(
        location="eastasia", sku=models.ApiManagementServiceSkuProperties(name=name, capacity=capacity),
        publisher_email="apim@contoso.example", publisher_name="Contoso", **more,
    )


def _apis(azure: Any, group: str, name: str) -> list[str]:
    return [one.name for one in azure.api_management.api.list_by_service(group, name)]


def test_reads(azure: Any) -> None:
    services = azure.api_management.api_management_service
    assert sorted(one.name for one in services.list()) == ["apim-dr", "apim-prod"]
    assert [one.name for one in services.list_by_resource_group("rg-prod")] == ["apim-prod"]
    service = services.get("rg-prod", "apim-prod")
    assert (service.provisioning_state, service.sku.name, service.identity.type) == ("Succeeded", "Developer", "SystemAssigned")
    assert service.created_at_utc and service.gateway_url == "https://apim-prod.azure-api.net"
    assert services.check_name_availability(models.ApiManagementServiceCheckNameAvailabilityParameters(name="apim-prod")).name_available is False
    assert services.get_sso_token("rg-prod", "apim-prod").redirect_uri.startswith("https://apim-prod.portal.azure-api.net")
    skus = azure.api_management.api_management_service_skus.list_available_service_skus("rg-prod", "apim-prod")
    assert "Premium" in [one.sku.name for one in skus]
    with pytest.raises(ResourceNotFoundError):
        services.get("rg-prod", "none")


def test_backup_and_restore_into_another_service(azure: Any) -> None:
    services = azure.api_management.api_management_service
    assert services.begin_backup("rg-prod", "apim-prod", _place(azure)).result().name == "apim-prod"
    assert _apis(azure, "rg-dr-secondary", "apim-dr") == ["echo-api"]
    restored = services.begin_restore("rg-dr-secondary", "apim-dr", _place(azure)).result()
    assert (restored.name, restored.provisioning_state) == ("apim-dr", "Succeeded")
    assert _apis(azure, "rg-dr-secondary", "apim-dr") == ["orders"]


def test_backup_by_identity(azure: Any) -> None:
    place = _place(azure, access_type="SystemAssignedManagedIdentity", access_key=None)
    assert azure.api_management.api_management_service.begin_backup("rg-prod", "apim-prod", place).result().name == "apim-prod"
    with pytest.raises(HttpResponseError) as refused:
        azure.api_management.api_management_service.begin_backup("rg-dr-secondary", "apim-dr", place).result()
    assert refused.value.error.code == "InvalidParameters"


def test_failures(azure: Any) -> None:
    services = azure.api_management.api_management_service
    with pytest.raises(HttpResponseError) as missing:
        services.begin_restore("rg-prod", "apim-prod", _place(azure, backup_name="none")).result()
    assert missing.value.error.code == "RestoreFailed"
    with pytest.raises(HttpResponseError) as wrong:
        services.begin_backup("rg-prod", "apim-prod", _place(azure, access_key="d3Jvbmc=")).result()
    assert wrong.value.status_code == 400
    services.begin_backup("rg-prod", "apim-prod", _place(azure), polling=False)
    with pytest.raises(HttpResponseError) as busy:
        services.begin_restore("rg-prod", "apim-prod", _place(azure))
    assert (busy.value.status_code, busy.value.error.code) == (409, "ServiceLocked")


def test_life_of_a_service(azure: Any) -> None:
    services = azure.api_management.api_management_service
    made = services.begin_create_or_update("rg-dr", "apim-new", _new()).result()
    assert (made.provisioning_state, made.target_provisioning_state) == ("Succeeded", "")
    made.tags = {"drill": "1"}
    assert services.begin_create_or_update("rg-dr", "apim-new", made).result().tags == {"drill": "1"}
    made.tags, made.identity = {"drill": "1"}, models.ApiManagementServiceIdentity(type="SystemAssigned")
    assert services.begin_create_or_update("rg-dr", "apim-new", made).result().identity.principal_id
    change = models.ApiManagementServiceUpdateParameters(identity=models.ApiManagementServiceIdentity(type="None"))
    assert not services.begin_update("rg-dr", "apim-new", change).result().identity
    change = models.ApiManagementServiceUpdateParameters(identity=models.ApiManagementServiceIdentity(type="SystemAssigned"))
    services.begin_update("rg-dr", "apim-new", change).result()
    assert services.get("rg-dr", "apim-new").identity.principal_id
    services.begin_delete("rg-dr", "apim-new").result()
    with pytest.raises(ResourceNotFoundError):
        services.get("rg-dr", "apim-new")
    deleted = azure.api_management.deleted_services
    assert [one.name for one in deleted.list_by_subscription()] == ["apim-new"]
    assert deleted.get_by_name("apim-new", "eastasia").service_id.endswith("/service/apim-new")
    with pytest.raises(HttpResponseError) as taken:
        services.begin_create_or_update("rg-dr", "apim-new", _new())
    assert taken.value.error.code == "ServiceAlreadyExistsInSoftDeletedState"
    assert services.begin_create_or_update("rg-dr", "apim-new", _new(restore=True)).result().tags == {"drill": "1"}
    services.begin_delete("rg-dr", "apim-new").result()
    deleted.begin_purge("apim-new", "eastasia").result()
    assert list(deleted.list_by_subscription()) == []


def test_consumption(azure: Any) -> None:
    services = azure.api_management.api_management_service
    services.begin_create_or_update("rg-dr", "apim-small", _new("Consumption")).result()
    with pytest.raises(HttpResponseError) as refused:
        services.begin_backup("rg-dr", "apim-small", _place(azure))
    assert refused.value.error.code == "MethodNotAllowedInPricingTier"


def test_content(azure: Any) -> None:
    client, where = azure.api_management, ("rg-prod", "apim-prod")
    body = models.ApiCreateOrUpdateParameter(display_name="Bills", path="bills", service_url="https://bills.example", protocols=["https"])
    assert client.api.begin_create_or_update(*where, "bills", body).result().path == "bills"
    assert client.api.get_entity_tag(*where, "bills") is True
    product = client.product.create_or_update(*where, "clerks", models.ProductContract(display_name="Clerks", state="published"))
    assert (product.name, product.display_name) == ("clerks", "Clerks")
    client.product_api.create_or_update(*where, "clerks", "bills")
    assert [one.name for one in client.product_api.list_by_product(*where, "clerks")] == ["bills"]
    value = models.NamedValueCreateContract(display_name="key", value="bills-s3cret", secret=True)
    assert client.named_value.begin_create_or_update(*where, "key", value).result().value is None
    assert client.named_value.list_value(*where, "key").value == "bills-s3cret"
    client.api_operation.create_or_update(
        *where, "bills", "get", models.OperationContract(display_name="Get", method="GET", url_template="/{id}", template_parameters=[])
    )
    assert [one.method for one in client.api_operation.list_by_api(*where, "bills")] == ["GET"]
    policy = client.policy.get(*where, "policy")
    assert "<policies>" in policy.value
    deletion = client.api.begin_delete if hasattr(client.api, "begin_delete") else client.api.delete
    ended = deletion(*where, "bills", if_match="*")
    assert ended is None or ended.result() is None
    assert list(client.product_api.list_by_product(*where, "clerks")) == []
