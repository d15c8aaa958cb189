# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module signs in to Azure, and which Azure."""

from __future__ import annotations


class ModuleDocFragment:
    """C(lifeboat.azure_dr.auth): every module has these options."""

    DOCUMENTATION = r"""
options:
  subscription_id:
    description:
      - The Azure subscription that the names of VMs, vaults, resource groups and other resources belong to.
      - If not set, the environment variable E(AZURE_SUBSCRIPTION_ID) is used.
    type: str
  client_id:
    description:
      - Client id of the service principal, or of the user-assigned managed identity.
      - If not set, the environment variable E(AZURE_CLIENT_ID) is used.
    type: str
  secret:
    description:
      - Secret of the service principal.
      - If not set, the environment variable E(AZURE_SECRET) or E(AZURE_CLIENT_SECRET) is used.
    type: str
  tenant:
    description:
      - The Microsoft Entra tenant that the service principal belongs to.
      - If not set, the environment variable E(AZURE_TENANT) or E(AZURE_TENANT_ID) is used.
    type: str
  x509_certificate_path:
    description:
      - A file, PEM or PKCS12, with the certificate of the service principal and its private key, instead of O(secret).
      - The password of the file, if it has one, is taken from the environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD).
      - If not set, the environment variable E(AZURE_X509_CERTIFICATE_PATH) or E(AZURE_CLIENT_CERTIFICATE_PATH) is used.
    type: path
  auth_source:
    description:
      - How to sign in.
      - V(auto) takes the first that has what it needs, in the order V(access_token), V(service_principal), V(workload_identity), V(msi), V(cli).
      - V(env) takes V(access_token), V(service_principal) or V(workload_identity) likewise, from the environment variables only.
      - V(service_principal) signs in with O(client_id), O(tenant) and O(secret) or O(x509_certificate_path).
      - V(workload_identity) exchanges the token in the file named by the environment variable E(AZURE_FEDERATED_TOKEN_FILE).
      - V(msi) uses the managed identity of the machine that the module runs on.
      - V(cli) uses the login of the Azure CLI.
      - V(access_token) uses O(access_token).
      - If not set, the environment variable E(ANSIBLE_AZURE_AUTH_SOURCE) or E(AZURE_AUTH_SOURCE) is used, and else V(auto).
    type: str
    choices:
      - auto
      - env
      - service_principal
      - workload_identity
      - msi
      - cli
      - access_token
  access_token:
    description:
      - A bearer token for Azure Resource Manager. It cannot be renewed, so the module must end before the token does.
      - If not set, the environment variable E(AZURE_ACCESS_TOKEN) is used.
    type: str
  cloud_environment:
    description:
      - V(AzureCloud), V(AzureUSGovernment), V(AzureChinaCloud), or the C(https) URL of a Resource Manager endpoint, which then tells the rest.
      - If not set, the environment variable E(AZURE_CLOUD_ENVIRONMENT) is used, and else V(AzureCloud).
    type: str
  ca_path:
    description:
      - A file with the CA certificates to trust, in PEM format, for an endpoint whose certificate no public CA has signed.
      - TLS certificates are always verified.
      - If not set, the environment variable E(AZURE_CA_PATH) is used.
    type: path
  api_versions:
    description:
      - API versions to use instead of the collection's own, by the name of the API, for clouds that do not know these yet.
      - The names are C(backup), C(vault), C(deleted_vaults), C(cross_region_restore), C(compute), C(disks), C(network), C(resources), C(storage),
        C(apim), C(compute_skus), C(authorization) and C(activity_log).
    type: dict
    default: {}
requirements:
  - requests >= 2.28.0
  - azure-identity >= 1.15.0 (unless O(access_token) is used)
"""
