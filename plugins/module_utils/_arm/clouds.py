# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Azure: three known ones, and any https endpoint that describes itself (Azure Stack, air-gapped clouds, simulators)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .errors import ArmError, OptionError

# Tried in turn; old clouds know only the second, which answers with a list of clouds.
_METADATA_VERSIONS = ("2022-09-01", "2019-05-01")
_OPTION = "cloud_environment"


@dataclass(frozen=True)
class Cloud:
    """Where a cloud's services are. URLs are https and without a trailing slash.

    ``audience`` is whom a token is for (it is not always ``arm_url``: US Government differs); ``authority`` the login host;
    ``blob_suffix`` what follows the account name in a blob host (``blob.core.windows.net``), empty for a cloud that does not tell;
    ``known`` False for a cloud that was discovered, whose login host Microsoft's directory of login hosts does not list.
    """

    name: str
    arm_url: str
    audience: str
    authority: str
    blob_suffix: str
    known: bool = True

    @property
    def scope(self) -> str:
        """The OAuth scope of ARM in this cloud."""
        return f"{self.audience.rstrip('/')}/.default"


PUBLIC = Cloud(
    "AzureCloud", "https://management.azure.com", "https://management.azure.com", "https://login.microsoftonline.com", "blob.core.windows.net"
)
US_GOVERNMENT = Cloud(
    "AzureUSGovernment",
    "https://management.usgovcloudapi.net",
    "https://management.core.usgovcloudapi.net",
    "https://login.microsoftonline.us",
    "blob.core.usgovcloudapi.net",
)
CHINA = Cloud(
    "AzureChinaCloud",
    "https://management.chinacloudapi.cn",
    "https://management.chinacloudapi.cn",
    "https://login.chinacloudapi.cn",
    "blob.core.chinacloudapi.cn",
)
# The names of azure.azcollection and of the Azure CLI, and those of AZURE_SDK_CLOUD_CONF.
_NAMES = {
    "azurecloud": PUBLIC,
    "azurepubliccloud": PUBLIC,
    "azure_public_cloud": PUBLIC,
    "azureusgovernment": US_GOVERNMENT,
    "azureusgovernmentcloud": US_GOVERNMENT,
    "azure_us_government": US_GOVERNMENT,
    "azurechinacloud": CHINA,
    "azure_china_cloud": CHINA,
}


def resolve_cloud(name: str | None, fetch: Callable[[str], Any]) -> Cloud:
    """The cloud of that name, or the one that the https URL describes.

    ``fetch`` GETs a URL without a token and returns the parsed JSON; it is called for a URL only. Raises OptionError for an
    unknown name, plain http, or an endpoint that describes no cloud.
    """
    if not name:
        return PUBLIC
    known = _NAMES.get(name.strip().lower())
    if known is not None:
        return known
    base = _endpoint(name)
    return describe_cloud(base, _metadata(base, fetch))


def check_name(name: str | None) -> None:
    """Raises OptionError when no cloud can be meant; sends nothing."""
    if name and name.strip().lower() not in _NAMES:
        _endpoint(name)


def describe_cloud(base: str, data: Any) -> Cloud:
    """The cloud that /metadata/endpoints tells about: one object (2022-09-01) or a list of them (2019-05-01)."""
    entry = _pick(base, data)
    login = entry.get("authentication")
    login = login if isinstance(login, Mapping) else {}
    audiences = login.get("audiences")
    suffixes = entry.get("suffixes")
    storage = suffixes.get("storage") if isinstance(suffixes, Mapping) else None
    arm = _https(entry.get("resourceManager") or base, "resourceManager", base)
    authority = _https(login.get("loginEndpoint"), "authentication.loginEndpoint", base)
    if not isinstance(audiences, list) or not audiences or not isinstance(audiences[0], str):
        raise OptionError(_OPTION, f"{base}/metadata/endpoints names no audience to ask a token for.")
    return Cloud(
        str(entry.get("name") or base),
        arm,
        audiences[0].rstrip("/"),
        authority,
        f"blob.{storage.strip('.')}" if isinstance(storage, str) and storage else "",
        known=False,
    )


def _endpoint(name: str) -> str:
    text = name.strip()
    parts = urlsplit(text)
    if parts.scheme.lower() == "http":
        raise OptionError(_OPTION, f"{text} is plain http; a token only travels over https.")
    if parts.scheme.lower() != "https" or not parts.hostname or parts.username is not None:
        raise OptionError(
            _OPTION, f"{text!r} is no cloud.", hint="Use AzureCloud, AzureUSGovernment, AzureChinaCloud, or the https URL of a Resource Manager."
        )
    return f"https://{parts.netloc}"


def _metadata(base: str, fetch: Callable[[str], Any]) -> Any:
    refusal: ArmError | None = None
    for version in _METADATA_VERSIONS:
        try:
            return fetch(f"{base}/metadata/endpoints?api-version={version}")
        except ArmError as error:
            if error.status is None or error.status >= 500:
                raise
            refusal = error
    reason = refusal.message if refusal else "no answer"
    raise OptionError(_OPTION, f"{base}/metadata/endpoints does not describe a cloud: {reason}")


def _pick(base: str, data: Any) -> Mapping[str, Any]:
    if isinstance(data, Mapping):
        return data
    entries = [entry for entry in data if isinstance(entry, Mapping)] if isinstance(data, list) else []
    host = urlsplit(base).netloc.lower()
    for entry in entries:
        if urlsplit(str(entry.get("resourceManager") or "")).netloc.lower() == host:
            return entry
    if len(entries) == 1:
        return entries[0]
    raise OptionError(_OPTION, f"{base}/metadata/endpoints does not describe a cloud at this host.")


def _https(url: object, what: str, base: str) -> str:
    text = str(url or "")
    parts = urlsplit(text)
    if parts.scheme.lower() != "https" or not parts.hostname:
        raise OptionError(_OPTION, f"{base}/metadata/endpoints gives {what} as {text!r}, which is not an https URL.")
    return text.rstrip("/")
