# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all ways of signing in have in common: first say what is missing (no network), then get tokens."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ..clouds import Cloud
from ..errors import ArmError, AuthError, MissingLibrary, TransportError
from ..redact import keep_secret, redact
from .options import AuthOptions

# ``code`` of the AuthError that means "this method is not there", as against "it was refused".
UNAVAILABLE = "CredentialUnavailable"

_AADSTS_HINTS = {
    "AADSTS7000215": "The secret is wrong: use the secret's value, not its id.",
    "AADSTS7000222": "The secret has expired: make a new one for the app registration.",
    "AADSTS700016": "The tenant does not know this client_id: check client_id and tenant.",
    "AADSTS700027": "The certificate is not registered with the app, or has expired.",
    "AADSTS90002": "The tenant does not exist in this cloud: check tenant and cloud_environment.",
    "AADSTS900023": "tenant must be a tenant id (GUID) or a domain name.",
    "AADSTS70021": "The app has no federated credential for this token's issuer and subject.",
    "AADSTS700213": "The app has no federated credential for this token's subject.",
    "AADSTS500011": "The tenant does not know the cloud's Resource Manager: check cloud_environment.",
}


# The login host gave no answer, or one that broke off: azure-core's and requests' names for it.
_NO_ANSWER = frozenset(
    {"ServiceRequestError", "ServiceResponseError", "ConnectionError", "Timeout", "ChunkedEncodingError", "ContentDecodingError", "DecodeError"}
)
_TOLD_STATUS = re.compile(r"HTTP Error: (\d{3})\b")


class Gap(NamedTuple):
    """Why a method cannot be used: the option that is missing or wrong, and the words for it."""

    option: str
    reason: str


class Token(NamedTuple):
    """A bearer token and the Unix time at which it ends (None: not known)."""

    value: str
    expires_at: float | None

    def __repr__(self) -> str:
        return f"Token(expires_at={self.expires_at})"


Grant = Callable[[], Token]


class Method(NamedTuple):
    """One way of signing in.

    ``gap`` says what is missing, without network; ``probe`` is the quick look that "auto" takes before it tries (None when
    ``gap`` tells enough); ``authenticate`` prepares and returns what fetches a token (raises AuthError, TransportError,
    MissingLibrary). ``fallible``: "auto" goes on to the next when this one turns out not to be there.
    """

    name: str
    gap: Callable[[AuthOptions], Gap | None]
    authenticate: Callable[[AuthOptions, Cloud], Grant]
    probe: Callable[[AuthOptions], str | None] | None = None
    fallible: bool = False


def identity_library() -> Any:
    """azure.identity, imported at the last moment: it takes longer than most module runs."""
    try:
        import azure.identity
    except ImportError:
        raise MissingLibrary("azure-identity", "to sign in to Azure (all but auth_source=access_token)") from None
    for name in ("azure", "msal"):
        # Without a handler, Python prints their warnings to stderr, next to the module's result.
        logging.getLogger(name).addHandler(logging.NullHandler())
    return azure.identity


def login_settings(options: AuthOptions, cloud: Cloud) -> dict[str, Any]:
    """Keyword arguments for every credential that talks to the login host.

    A discovered cloud's login host is on no list of Microsoft's, so the look-up in that list is switched off; the host was
    named by the Resource Manager over verified TLS. Retries are the client's own, so few are left to the library.
    """
    settings: dict[str, Any] = {"authority": cloud.authority, "retry_total": 1}
    if not cloud.known:
        settings["disable_instance_discovery"] = True
    if options.ca_path:
        settings["connection_verify"] = options.ca_path
    return settings


def grant_from(name: str, make_credential: Callable[[], Any], cloud: Cloud) -> Grant:
    """Tokens from an azure-identity credential, which is made on the first call. Errors come out as ours, without secrets."""
    credential: Any = None

    def fetch() -> Token:
        nonlocal credential
        try:
            if credential is None:
                credential = make_credential()
            answer = credential.get_token(cloud.scope)
        except ArmError:
            raise
        except Exception as error:  # azure-identity, msal and cryptography each have errors of their own
            raise explain(name, error, cloud) from None
        keep_secret(answer.token)
        return Token(answer.token, float(answer.expires_on))

    return fetch


def explain(name: str, error: Exception, cloud: Cloud) -> ArmError:
    """An error of the library in our words. What a later try may heal is a TransportError, what it will not an AuthError."""
    causes = _causes(error)
    kinds = {kind.__name__ for kind in type(error).__mro__}
    whole = redact(error)
    text = first_lines(whole)
    if "CredentialUnavailableError" in kinds:
        return AuthError(f"{name} is not available: {text}", code=UNAVAILABLE)
    if "CERTIFICATE_VERIFY_FAILED" in whole:
        return TransportError(
            f"The certificate of {cloud.authority} is not trusted: {text}",
            sent=False,
            permanent=True,
            code="CertificateNotTrusted",
            hint="Set ca_path (AZURE_CA_PATH) to a bundle that holds the issuing CA; certificates are always verified.",
        )
    # azure-identity wraps whatever happened below it into one kind of error; what it was shows in the causes.
    status = next((found for cause in causes if isinstance(found := getattr(getattr(cause, "response", None), "status_code", None), int)), None)
    if status is None and (told := _TOLD_STATUS.search(whole)):
        status = int(told.group(1))
    below = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    if "DecodeError" in below:
        # What could not be read is repeated in the message, and it may be a good part of a token.
        text = first_lines(whole.partition("Content:")[0])
    if below & _NO_ANSWER or (status is not None and (status == 429 or status >= 500)):
        return TransportError(f"{cloud.authority} gave no token: {text}", sent=False, code="LoginUnreachable")
    hint = next((words for code, words in _AADSTS_HINTS.items() if code in whole), None)
    return AuthError(f"Signing in with {name} failed: {text}", status=status, hint=hint)


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what it was raised from."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found


def first_lines(text: str, limit: int = 500) -> str:
    """The beginning of a message, in one line."""
    words = " ".join(text.split())
    return words if len(words) <= limit else words[:limit] + "..."
