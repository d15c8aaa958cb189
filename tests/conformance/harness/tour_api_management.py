# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tour's part about API Management: a service is created, backed up and deleted, with the API of the recordings and a newer one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .recording import Exchange

if TYPE_CHECKING:
    from .tour import Tour

OLD, NEW = "2019-01-01", "2022-08-01"
MINUTE, HOUR = 60.0, 3600.0


def visit_api_management(tour: Tour) -> None:
    for version in (OLD, NEW):
        _life(tour, version, f"{tour.sim.rg('rg-dr')}/providers/Microsoft.ApiManagement/service/apim-tour-{version[:4]}")


def _life(tour: Tour, version: str, path: str) -> None:
    follow(tour, tour.change("PUT", path, NEW_SERVICE, version))
    shown = tour.ask("GET", path, version).response_body
    tour.change("PUT", path, shown, version)
    tour.ask("GET", path, version)
    account = f"{tour.sim.rg('rg-dr')}/providers/Microsoft.Storage/storageAccounts/ststagingea"
    key = tour.ask("POST", f"{account}/listKeys", "2019-06-01").response_body["keys"][0]["value"]
    body = {"storageAccount": "ststagingea", "accessKey": key, "containerName": "backups", "backupName": "tour"}
    follow(tour, tour.change("POST", f"{path}/backup", body, version))
    follow(tour, tour.change("DELETE", path, None, version))


def follow(tour: Tour, started: Exchange, *, most: float = 2 * HOUR) -> Exchange:
    """Polls Location: 202 while it runs, or 200 with a status."""
    waited = 0.0
    while True:
        answer = tour.ask("GET", started.headers["location"])
        status = answer.response_body.get("status") if isinstance(answer.response_body, dict) else None
        if answer.status != 202 and status != "InProgress" or waited > most:
            assert answer.status == 200, f"{answer.path}: {answer.status} {answer.response_body}"
            return answer
        tour.sim.control.advance(MINUTE)
        waited += MINUTE


NEW_SERVICE: dict[str, Any] = {
    "location": "eastasia",
    "sku": {"name": "Developer", "capacity": 1},
    "properties": {
        "notificationSenderEmail": "publisher@contoso.example",
        "virtualNetworkType": "None",
        "publisherEmail": "publisher@contoso.example",
        "publisherName": "Contoso",
    },
}
