# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses how to sign in, and keeps the token that came of it fresh."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..clock import Clock
from ..clouds import Cloud
from ..errors import ArmError, AuthError, OptionError
from . import access_token, cli, managed_identity, service_principal, workload_identity
from .method import UNAVAILABLE, Grant, Method, Token
from .options import AuthOptions, described

_IN_ORDER: tuple[Method, ...] = (
    access_token.METHOD,
    service_principal.METHOD,
    workload_identity.METHOD,
    managed_identity.METHOD,
    cli.METHOD,
)
_BY_SOURCE: Mapping[str, tuple[Method, ...]] = {
    "auto": _IN_ORDER,
    "env": _IN_ORDER[:3],
    **{method.name: (method,) for method in _IN_ORDER},
}
OTHER_AUDIENCE = "NoTokenForAudience"
"""``code`` of the AuthError of a given token that is for Resource Manager and was asked for something else."""
# A token is renewed when less than this is left; a short-lived one at half its life.
_MARGIN = 300.0
# After a renewal that failed while the old token is still good.
_PAUSE_AFTER_FAILURE = 30.0


class TokenSource:
    """Tokens of one identity for one cloud; thread-safe. Signs in on the first call of ``token``, not before."""

    def __init__(self, sign_in: Callable[[], tuple[Grant, Token]], clock: Clock, *, renewable: bool = True) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._renewable = renewable
        self._lock = threading.Lock()
        self._grant: Grant | None = None
        self._token: Token | None = None
        self._renew_at: float | None = None

    def token(self) -> str:
        """A bearer token with life in it. Raises AuthError, TransportError (the login host), MissingLibrary, OptionError."""
        with self._lock:
            if self._token is None:
                return self._keep(self._first())
            if self._renew_at is not None and self._clock.now().timestamp() >= self._renew_at:
                return self._renewed(self._token)
            return self._token.value

    def refresh(self, rejected: str | None = None) -> bool:
        """The service rejected a token: True when there is another now. Many workers that ask at once cause one renewal."""
        with self._lock:
            if not self._renewable:
                return False
            if self._token is not None and rejected is not None and self._token.value != rejected:
                return True
            # Signed in anew, because a credential hands out what it has cached.
            value = self._keep(self._first())
            return value != rejected

    def _first(self) -> Token:
        self._grant, token = self._sign_in()
        return token

    def _renewed(self, old: Token) -> str:
        try:
            return self._keep(self._grant() if self._grant else self._first())
        except ArmError:
            now = self._clock.now().timestamp()
            if old.expires_at is None or now >= old.expires_at:
                raise
            self._renew_at = min(now + _PAUSE_AFTER_FAILURE, old.expires_at)
            return old.value

    def _keep(self, token: Token) -> str:
        now = self._clock.now().timestamp()
        self._token = token
        self._renew_at = None if token.expires_at is None else token.expires_at - min(_MARGIN, max(token.expires_at - now, 0.0) / 2)
        return token.value


def build_token_source(options: AuthOptions, cloud: Callable[[], Cloud], clock: Clock, audience: str | None = None) -> TokenSource:
    """The token source for these options, for Resource Manager or another ``audience`` (``https://storage.azure.com``).

    Raises OptionError when the named ``auth_source`` lacks something; sends nothing.
    """
    methods = _BY_SOURCE[options.auth_source]
    check(options)
    only_token = options.auth_source == "access_token" or (len(methods) > 1 and options.access_token is not None)

    def sign_in() -> tuple[Grant, Token]:
        if audience is None:
            return _sign_in(methods, options, cloud())
        if only_token:
            raise AuthError(
                f"{described('access_token')} is a token for Resource Manager only, and {audience} needs one of its own.",
                code=OTHER_AUDIENCE,
                hint="Sign in another way, such as with a service principal, or let the storage account be read with its key.",
            )
        return _sign_in(methods, options, replace(cloud(), audience=audience))

    return TokenSource(sign_in, clock, renewable=not only_token)


def check(options: AuthOptions) -> None:
    """Raises OptionError for what no network is needed to know."""
    methods = _BY_SOURCE[options.auth_source]
    if len(methods) == 1:
        gap = methods[0].gap(options)
        if gap is not None:
            raise OptionError(gap.option, f"auth_source={options.auth_source}, but {gap.reason}.")
        return
    if options.access_token is None and (options.secret or options.x509_certificate_path):
        # Someone meant a service principal. Going on to the next method would sign in as somebody else.
        gap = service_principal.METHOD.gap(options)
        if gap is not None:
            raise OptionError(gap.option, f"a service principal is given, but {gap.reason}.")


def subscription(options: AuthOptions) -> str:
    """The subscription given, else that of the Azure CLI when the CLI is who signs in; raises OptionError."""
    if options.subscription_id:
        return options.subscription_id
    if options.auth_source == "cli" or (options.auth_source == "auto" and _cli_is_next(options)):
        return cli.default_subscription()
    raise OptionError("subscription_id", f"{described('subscription_id')} is not set.")


def _cli_is_next(options: AuthOptions) -> bool:
    """Whether "auto" would come to the CLI: nothing before it applies."""
    if cli.METHOD.gap(options) is not None:
        return False
    before = _IN_ORDER[: _IN_ORDER.index(cli.METHOD)]
    return all(method.gap(options) is not None or (method.probe is not None and method.probe(options)) for method in before)


def _sign_in(methods: Sequence[Method], options: AuthOptions, cloud: Cloud) -> tuple[Grant, Token]:
    """The first method that applies signs in. One that applies and is refused ends the search: its error is the useful one."""
    reasons: list[str] = []
    for method in methods:
        gap = method.gap(options)
        reason = gap.reason if gap else (method.probe(options) if method.probe and len(methods) > 1 else None)
        if reason is None:
            grant = method.authenticate(options, cloud)
            try:
                return grant, grant()
            except AuthError as error:
                if len(methods) == 1 or not method.fallible or error.code != UNAVAILABLE:
                    raise
                reason = error.message
        reasons.append(f"{method.name}: {reason}")
    raise AuthError(
        f"auth_source={options.auth_source} found no way to sign in. " + "; ".join(reasons) + ".",
        code="NoCredentials",
        hint="Give one of these, or name the method with auth_source (ANSIBLE_AZURE_AUTH_SOURCE).",
    )
