# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/metadata/endpoints`: how tools learn the hosts of a cloud. No sign-in needed.

Three shapes are in use: 2015-01-01 (flat; `az cloud register`), 2019-05-01 (an array of clouds), 2022-09-01 (one object).
"""

from __future__ import annotations

from typing import Any, Mapping

from ..estate import Estate
from ..replies import Reply

CLOUD_NAME = "AzureDrSimulator"
_SUFFIXES = {
    "acrLoginServer": "azurecr.io",
    "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
    "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
    "azureFrontDoorEndpointSuffix": "azurefd.net",
    "keyVaultDns": "vault.azure.net",
    "mhsmDns": "managedhsm.azure.net",
    "mysqlServerEndpoint": "mysql.database.azure.com",
    "postgresqlServerEndpoint": "postgres.database.azure.com",
    "mariadbServerEndpoint": "mariadb.database.azure.com",
    "sqlServerHostname": "database.windows.net",
    "storage": "core.windows.net",
    "storageSyncEndpointSuffix": "afs.azure.net",
    "synapseAnalytics": "dev.azuresynapse.net",
}


def metadata_endpoints(query: Mapping[str, str], estate: Estate, base_url: str) -> Reply:
    """The answer for the api-version asked for; the newest shape for any later one."""
    version = query.get("api-version", "")
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        return Reply(400, {"error": {"code": "MissingApiVersionParameter", "message": message}})
    if version < "2018-01-01":
        return Reply(200, _flat(estate, base_url))
    cloud = _cloud(estate, base_url)
    return Reply(200, [cloud] if version < "2022-09-01" else cloud)


def _authentication(estate: Estate, base_url: str) -> dict[str, Any]:
    return {
        "loginEndpoint": base_url,
        "audiences": [base_url, "https://management.core.windows.net/", "https://management.azure.com/"],
        "tenant": estate.tenant_id,
        "identityProvider": "AAD",
    }


def _cloud(estate: Estate, base_url: str) -> dict[str, Any]:
    return {
        "name": CLOUD_NAME,
        "portal": base_url,
        "authentication": _authentication(estate, base_url),
        "resourceManager": base_url + "/",
        "graph": "https://graph.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "batch": "https://batch.core.windows.net/",
        "gallery": base_url + "/",
        "media": "https://rest.media.azure.net",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/main/arm-compute/quickstart-templates/aliases.json",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "suffixes": dict(_SUFFIXES),
    }


def _flat(estate: Estate, base_url: str) -> dict[str, Any]:
    return {
        "galleryEndpoint": base_url + "/",
        "graphEndpoint": "https://graph.windows.net/",
        "portalEndpoint": base_url,
        "authentication": _authentication(estate, base_url),
    }
