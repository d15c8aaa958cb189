# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire: one pooled HTTPS session, certificates always verified, redirects never followed.

``requests`` is imported when the first request goes out, not before: a module that fails on its options never pays for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from .errors import MissingLibrary, TransportError
from .redact import redact

CONNECT_TIMEOUT = 10.0
# ARM itself cuts every request at 60 s.
READ_TIMEOUT = 70.0


class RawResponse(NamedTuple):
    """An HTTP answer as it came; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Transport(Protocol):
    """Sends one request once."""

    def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> RawResponse:
        """Returns whatever HTTP answer came; raises TransportError when none came."""


class RequestsTransport:
    """A ``requests`` session for all threads of this process.

    ``ca_path`` a CA bundle to trust instead of the system's (REQUESTS_CA_BUNDLE counts when it is not given).
    ``make_session`` lets tests put their own adapter under the session.
    """

    def __init__(self, ca_path: str | None = None, *, pool_size: int = 32, make_session: Callable[[], Any] | None = None) -> None:
        self._ca_path = ca_path
        self._pool_size = pool_size
        self._make_session = make_session
        self._session: Any = None
        self._lock = threading.Lock()

    def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> RawResponse:
        session = self._open()
        import requests

        try:
            answer = session.request(
                method,
                url,
                headers=dict(headers),
                data=data,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                allow_redirects=False,
                # Given with each request: a session's own setting would lose against REQUESTS_CA_BUNDLE.
                verify=self._ca_path or True,
                auth=_keep_headers,
            )
            content = answer.content
        except requests.exceptions.RequestException as error:
            # "from None": the original's arguments carry the whole request, with its headers.
            raise _explain(error, url, self._ca_path) from None
        except OSError as error:
            # What requests lets through: a CA bundle that cannot be read.
            raise _unreadable(str(error)) from None
        return RawResponse(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, content)

    def _open(self) -> Any:
        with self._lock:
            if self._session is None:
                self._session = self._make_session() if self._make_session else self._new_session()
            return self._session

    def _new_session(self) -> Any:
        try:
            import requests
            from requests.adapters import HTTPAdapter
        except ImportError:
            raise MissingLibrary("requests", "to talk to Azure") from None
        from http.cookiejar import DefaultCookiePolicy

        session = requests.Session()
        session.mount("https://", HTTPAdapter(pool_connections=4, pool_maxsize=self._pool_size, max_retries=0))
        # Plain http is refused here too, whatever a caller may have missed.
        session.adapters.pop("http://", None)
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return session


def _keep_headers(request: Any) -> Any:
    """An "auth" that does nothing, so that a ~/.netrc entry cannot replace the bearer token."""
    return request


def _unreadable(text: str) -> TransportError:
    return TransportError(text, sent=False, permanent=True, code="CertificateBundleUnreadable", hint="Check ca_path (AZURE_CA_PATH) and REQUESTS_CA_BUNDLE.")


def _explain(error: Any, url: str, ca_path: str | None) -> TransportError:
    from urllib.parse import urlsplit

    import requests

    host = urlsplit(url).netloc
    names = _cause_names(error)
    text = redact(_root_cause(error))
    kinds = requests.exceptions
    if isinstance(error, kinds.SSLError) and ("CERTIFICATE_VERIFY_FAILED" in str(error) or "SSLCertVerificationError" in names):
        trusted = ca_path or "the system's certificates"
        return TransportError(
            f"The certificate of {host} is not trusted by {trusted}: {text}",
            sent=False,
            permanent=True,
            code="CertificateNotTrusted",
            hint="Set ca_path (AZURE_CA_PATH) to a bundle that holds the issuing CA; certificates are always verified.",
        )
    if isinstance(error, kinds.SSLError) and "NO_CERTIFICATE_OR_CRL_FOUND" in str(error):
        return _unreadable(f"{ca_path or 'The bundle of CA certificates'} holds no certificate in PEM format.")
    if isinstance(error, (kinds.InvalidURL, kinds.InvalidSchema, kinds.MissingSchema, kinds.InvalidHeader)):
        return TransportError(f"The request cannot be sent: {text}", sent=False, permanent=True, code="InvalidRequest")
    if isinstance(error, kinds.ProxyError):
        return TransportError(f"The proxy to {host} failed: {text}", sent=False, hint="Check HTTPS_PROXY and NO_PROXY.")
    if isinstance(error, kinds.ConnectTimeout):
        return TransportError(f"{host} did not accept a connection within {CONNECT_TIMEOUT:g} s.", sent=False, code="ConnectionTimeout")
    if isinstance(error, kinds.Timeout):
        return TransportError(f"{host} did not answer within {READ_TIMEOUT:g} s.", sent=True, code="ReadTimeout")
    sent = not names & {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ConnectionRefusedError", "gaierror"}
    verb = "broke off" if sent else "could not be made"
    hint = None if sent else "Check cloud_environment (AZURE_CLOUD_ENVIRONMENT), the name resolution, and whether a firewall or proxy is in between."
    return TransportError(f"The connection to {host} {verb}: {text}", sent=sent, hint=hint)


def _chain(error: BaseException) -> list[BaseException]:
    """An error with all its causes: urllib3 nests them in arguments and ``reason``, Python in ``__cause__``."""
    found: list[BaseException] = []
    queue: list[BaseException | None] = [error]
    while queue:
        current = queue.pop(0)
        if current is None or current in found:
            continue
        found.append(current)
        nested = [getattr(current, "reason", None), current.__cause__, current.__context__, *current.args]
        queue += [cause for cause in nested if isinstance(cause, BaseException)]
    return found


def _cause_names(error: BaseException) -> set[str]:
    return {type(cause).__name__ for cause in _chain(error)}


def _root_cause(error: BaseException) -> str:
    """The words of the innermost system error: the outer ones repeat the URL."""
    for cause in reversed(_chain(error)):
        if isinstance(cause, OSError) and cause.strerror:
            return str(cause.strerror)
    return str(_chain(error)[-1]) or type(error).__name__
