# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clouds, sign-in, subscriptions, providers, resource groups, and lists of resources."""

from __future__ import annotations

from typing import Any

from command_line import CLOUD, AzureCli
from harness.control import Control

AUDITOR = "a0d17000-0000-4000-8000-000000000001"


def test_the_cloud_is_learnt_from_the_arm_url(az: AzureCli, ready: dict[str, Any]) -> None:
    cloud = az("cloud show")
    assert cloud["name"] == CLOUD
    assert {cloud["endpoints"][name].rstrip("/") for name in ("resourceManager", "activeDirectory")} == {ready["arm_url"]}
    assert cloud["suffixes"]["storageEndpoint"] == "core.windows.net"


def test_the_cloud_can_be_spelt_out(fresh_az: AzureCli, ready: dict[str, Any]) -> None:
    arm = ready["arm_url"]
    fresh_az.text(
        f"cloud register --name {CLOUD} --endpoint-resource-manager {arm} --endpoint-active-directory {arm} "
        f"--endpoint-active-directory-resource-id {arm} --endpoint-active-directory-graph-resource-id https://graph.windows.net/"
    )
    fresh_az.text(f"cloud set --name {CLOUD}")
    assert [one["id"] for one in fresh_az.sign_in()] == [ready["subscription_id"]]
    assert fresh_az("group exists --name rg-prod") is True


def test_account(az: AzureCli, ready: dict[str, Any]) -> None:
    account = az("account show")
    assert (account["id"], account["tenantId"], account["state"]) == (ready["subscription_id"], ready["tenant_id"], "Enabled")
    assert account["user"] == {"name": ready["client_id"], "type": "servicePrincipal"}
    assert [one["id"] for one in az("account list --refresh")] == [ready["subscription_id"]]
    names = {one["name"]: one for one in az("account list-locations")}
    assert names["eastasia"]["metadata"]["pairedRegion"][0]["name"] == "southeastasia"


def test_a_wrong_secret_is_refused(fresh_az: AzureCli, ready: dict[str, Any]) -> None:
    fresh_az.register()
    said = fresh_az.fails(fresh_az.sign_in_command(ready["client_id"], "not-the-right-one"))
    assert "AADSTS7000215" in said


def test_a_reader_reads_and_does_not_write(fresh_az: AzureCli) -> None:
    fresh_az.register()
    fresh_az.sign_in(AUDITOR, "only-for-reading-things")
    assert fresh_az("vm show -g rg-prod -n plain-01")["name"] == "plain-01"
    assert "(AuthorizationFailed)" in fresh_az.fails("backup vault create -g rg-backup -n rsv-not-allowed -l eastasia")


def test_azure_in_trouble_is_asked_again(az: AzureCli, control: Control) -> None:
    """What goes wrong by script goes wrong in the way the CLI's own libraries know."""
    path = "/virtualMachines/plain-01$"
    control.fault({"method": "GET", "path": path}, {"kind": "status", "status": 429, "code": "TooManyRequests", "message": "Slow.", "retry_after": 1})
    control.fault({"method": "GET", "path": path, "hit": 2}, {"kind": "status", "status": 503, "code": "ServerBusy", "message": "Busy."})
    control.fault({"method": "GET", "path": path, "hit": 3}, {"kind": "reset_before"})
    control.reset()
    assert az("vm show -g rg-prod -n plain-01")["name"] == "plain-01"
    assert [one["status"] for one in control.requests("GET", path)] == [429, 503, None, 200]


def test_groups(az: AzureCli) -> None:
    groups = {one["name"]: one for one in az("group list")}
    assert {"rg-prod", "rg-backup", "rg-dr", "rg-dr-secondary"} <= set(groups)
    assert groups["rg-prod"]["tags"] == {"environment": "production"}
    assert groups["rg-dr-secondary"]["location"] == "southeastasia"
    assert [one["name"] for one in az("group list --tag environment=production")] == ["rg-prod"]
    assert az("group show --name rg-dr")["properties"]["provisioningState"] == "Succeeded"
    assert az("group exists --name rg-nowhere") is False
    assert "(ResourceGroupNotFound)" in az.fails("group show --name rg-nowhere")


def test_a_group_comes_and_goes(az: AzureCli) -> None:
    assert az("group create --name rg-short-lived --location eastasia --tags for=test")["tags"] == {"for": "test"}
    assert az("group update --name rg-short-lived --tags for=more")["tags"] == {"for": "more"}
    az("group delete --name rg-short-lived --yes")
    assert az("group exists --name rg-short-lived") is False


def test_providers(az: AzureCli) -> None:
    assert az("provider show --namespace Microsoft.RecoveryServices")["registrationState"] == "Registered"
    assert "Microsoft.Compute" in {one["namespace"] for one in az("provider list")}
    namespace = "Microsoft.ClassicStorage"
    assert az(f"provider show --namespace {namespace}")["registrationState"] == "NotRegistered"
    az(f"provider register --namespace {namespace} --wait")
    assert az(f"provider show --namespace {namespace}")["registrationState"] == "Registered"


def test_resources(az: AzureCli) -> None:
    assert [one["name"] for one in az("resource list --tag tier=web")] == ["plain-01"]
    assert [one["name"] for one in az("resource list --tag tier")] == ["plain-01", "tagged-01"]
    kind = "Microsoft.Compute/virtualMachines"
    machines = az(f"resource list --resource-group rg-prod --resource-type {kind}")
    assert "plain-01" in {one["name"] for one in machines} and {one["type"] for one in machines} == {kind}
    assert [one["type"] for one in az("resource list --name rsv-cli")] == ["Microsoft.RecoveryServices/vaults"]
    shown = az(f"resource show --ids {az.vm_id('plain-01')}")
    assert shown["properties"]["provisioningState"] == "Succeeded"


def test_tags_of_a_resource(az: AzureCli) -> None:
    vm = az.vm_id("check-01")
    assert az(f"tag update --resource-id {vm} --operation merge --tags drill=1 owner=ops")["properties"]["tags"] == {"drill": "1", "owner": "ops"}
    assert [one["name"] for one in az("resource list --tag drill=1")] == ["check-01"]
    az(f"tag update --resource-id {vm} --operation delete --tags drill=1")
    assert az(f"tag list --resource-id {vm}")["properties"]["tags"] == {"owner": "ops"}
    assert az("vm show -g rg-prod -n check-01")["tags"] == {"owner": "ops"}


def test_rest(az: AzureCli) -> None:
    answer = az(f"rest --method get --url {az.vm_id('plain-01')}?api-version=2024-11-01")
    assert answer["properties"]["storageProfile"]["osDisk"]["osType"] == "Linux"
