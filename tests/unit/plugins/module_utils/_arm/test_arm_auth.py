# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options, the choice of a way to sign in, and how each prepares its credential. azure-identity is a stand-in here."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.auth import cli, managed_identity, source
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.auth.options import AuthOptions, first_set, read_options
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.clouds import PUBLIC, Cloud
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import (
    AuthError,
    MissingLibrary,
    OptionError,
    TransportError,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.redact import redact

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import CLOUD, FakeClock

PRINCIPAL = {"client_id": "app", "tenant": "tenant-1", "secret": "the-secret-value"}


class CredentialUnavailableError(Exception):
    """Named like azure-identity's."""


class ServiceRequestError(Exception):
    """Named like azure-core's."""


class ClientAuthenticationError(Exception):
    """Named like azure-core's; carries the HTTP answer."""

    def __init__(self, text: str, status: int = 401) -> None:
        super().__init__(text)
        self.response = types.SimpleNamespace(status_code=status)


class DecodeError(Exception):
    """Named like azure-core's."""


def wrapped(cause: Exception) -> Exception:
    """As azure-identity raises it, whatever went wrong below: one kind of error, without the HTTP answer."""
    error = ClientAuthenticationError(f"Authentication failed: {cause}")
    error.response = None  # type: ignore[assignment]
    error.__cause__ = cause
    return error


class FakeIdentity:
    """Stands in for azure.identity: every credential class notes its arguments and hands out tokens or raises."""

    def __init__(self) -> None:
        self.made: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.scopes: list[str] = []
        self.problems: dict[str, Exception] = {}
        self.expires_on = 1e12

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def make(*args: Any, **kwargs: Any) -> Any:
            self.made.append((name, args, kwargs))

            def get_token(scope: str) -> Any:
                if name in self.problems:
                    raise self.problems[name]
                for argument in args:
                    if callable(argument):
                        argument()
                self.scopes.append(scope)
                return types.SimpleNamespace(token=f"token-of-{name}-{len(self.scopes)}", expires_on=self.expires_on)

            return types.SimpleNamespace(get_token=get_token)

        return make


@pytest.fixture(name="identity")
def fixture_identity(monkeypatch: pytest.MonkeyPatch) -> FakeIdentity:
    fake = FakeIdentity()
    for name in ("service_principal", "workload_identity", "managed_identity", "cli"):
        monkeypatch.setattr(getattr(source, name), "identity_library", lambda: fake)
    monkeypatch.setattr(managed_identity, "_imds_answers", lambda: False)
    monkeypatch.setattr(cli.shutil, "which", lambda name: None)
    return fake


def options(params: dict[str, Any] | None = None, **environment: str) -> AuthOptions:
    return read_options(params or {}, environment)


def tokens(opts: AuthOptions, cloud: Cloud = PUBLIC, clock: FakeClock | None = None) -> source.TokenSource:
    return source.build_token_source(opts, lambda: cloud, clock or FakeClock())


# Options -----------------------------------------------------------------------------------------------------------------


def test_empty_strings_are_unset_everywhere() -> None:
    found = options(
        {"secret": "", "tenant": "  ", "client_id": None},
        AZURE_SECRET="",
        AZURE_CLIENT_SECRET="from-identity",
        AZURE_TENANT="",
        AZURE_TENANT_ID="t",
        AZURE_CLIENT_ID="",
        AZURE_SUBSCRIPTION_ID="",
    )
    assert (found.secret, found.tenant, found.client_id, found.subscription_id) == ("from-identity", "t", None, None)


def test_parameters_win_over_the_environment_and_the_first_variable_over_the_second() -> None:
    found = options({"tenant": "mine"}, AZURE_TENANT="theirs", AZURE_SECRET="first", AZURE_CLIENT_SECRET="second", AZURE_CA_PATH="/ca.pem")
    assert (found.tenant, found.secret, found.ca_path, found.auth_source) == ("mine", "first", "/ca.pem", "auto")


def test_auth_source_env_takes_credentials_from_the_environment_alone() -> None:
    found = options({"auth_source": "env", "secret": "secret-of-the-task", "subscription_id": "s"}, AZURE_SECRET="secret-of-the-environment")
    assert (found.secret, found.subscription_id) == ("secret-of-the-environment", "s")


def test_auth_source_comes_from_either_variable_and_must_be_known() -> None:
    assert options(ANSIBLE_AZURE_AUTH_SOURCE="msi").auth_source == "msi"
    assert options(ANSIBLE_AZURE_AUTH_SOURCE="", AZURE_AUTH_SOURCE="cli").auth_source == "cli"
    with pytest.raises(OptionError, match="credential_file"):
        options(AZURE_AUTH_SOURCE="credential_file")
    assert first_set(("A", "B"), {"A": " ", "B": "b"}) == "b"
    assert first_set(("A",), {}) is None


# Each method -------------------------------------------------------------------------------------------------------------


def test_a_secret(identity: FakeIdentity) -> None:
    assert tokens(options(PRINCIPAL)).token() == "token-of-ClientSecretCredential-1"
    name, args, kwargs = identity.made[0]
    assert (name, args) == ("ClientSecretCredential", ("tenant-1", "app", "the-secret-value"))
    assert kwargs == {"authority": "https://login.microsoftonline.com", "retry_total": 1}
    assert identity.scopes == ["https://management.azure.com/.default"]
    assert redact("x the-secret-value token-of-ClientSecretCredential-1") == "x ******** ********"


def test_a_discovered_cloud_switches_the_list_of_login_hosts_off_and_trusts_the_ca_file(identity: FakeIdentity) -> None:
    tokens(options({**PRINCIPAL, "ca_path": "/ca.pem"}), CLOUD).token()
    assert identity.made[0][2] == {
        "authority": "https://login.test",
        "retry_total": 1,
        "disable_instance_discovery": True,
        "connection_verify": "/ca.pem",
    }


def test_a_certificate(identity: FakeIdentity, tmp_path: Path) -> None:
    pem = tmp_path / "sp.pem"
    pem.write_text("pem")
    params = {"client_id": "app", "tenant": "t", "x509_certificate_path": str(pem), "auth_source": "service_principal"}
    assert tokens(options(params, AZURE_CLIENT_CERTIFICATE_PASSWORD="pass-phrase")).token().startswith("token-of-CertificateCredential")
    name, args, kwargs = identity.made[0]
    assert (name, args, kwargs["password"]) == ("CertificateCredential", ("t", "app", str(pem)), "pass-phrase")
    with pytest.raises(OptionError) as caught:
        tokens(options({**params, "x509_certificate_path": str(tmp_path / "none.pem")}))
    assert caught.value.option == "x509_certificate_path"


def test_a_federated_token_file_is_read_at_every_request(identity: FakeIdentity, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("federated-one\n")
    opts = options({"auth_source": "workload_identity", "client_id": "app", "tenant": "t"}, AZURE_FEDERATED_TOKEN_FILE=str(file))
    signed_in = tokens(opts)
    signed_in.token()
    name, args, _kwargs = identity.made[0]
    assert (name, args[:2]) == ("ClientAssertionCredential", ("t", "app"))
    assert args[2]() == "federated-one"
    file.write_text("federated-two")
    assert args[2]() == "federated-two"
    assert redact("federated-two") == "********"
    file.write_text("")
    with pytest.raises(AuthError, match="empty"):
        signed_in.refresh("token-of-ClientAssertionCredential-1")
    file.unlink()
    with pytest.raises(AuthError, match="cannot be read"):
        args[2]()


def test_a_managed_identity_system_and_user_assigned(identity: FakeIdentity) -> None:
    tokens(options({"auth_source": "msi"})).token()
    tokens(options({"auth_source": "msi", "client_id": "user-assigned"})).token()
    assert [(name, kwargs) for name, _args, kwargs in identity.made] == [
        ("ManagedIdentityCredential", {}),
        ("ManagedIdentityCredential", {"client_id": "user-assigned"}),
    ]


def test_the_cli(identity: FakeIdentity, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="not installed"):
        tokens(options({"auth_source": "cli"}))
    monkeypatch.setattr(cli.shutil, "which", lambda name: "/usr/bin/az")
    tokens(options({"auth_source": "cli", "tenant": "t"})).token()
    assert identity.made[0][0] == "AzureCliCredential"
    assert identity.made[0][2]["tenant_id"] == "t"


def test_a_given_token_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    given = tokens(options({"access_token": "given-token-value"}))
    assert given.token() == "given-token-value"
    assert given.refresh("given-token-value") is False
    with pytest.raises(MissingLibrary) as caught:
        tokens(options(PRINCIPAL)).token()
    assert caught.value.library == "azure-identity"


@pytest.mark.parametrize(
    ("params", "option"),
    [
        ({"auth_source": "access_token"}, "access_token"),
        ({"auth_source": "service_principal"}, "secret"),
        ({"auth_source": "service_principal", "secret": "s3cret"}, "client_id"),
        ({"auth_source": "service_principal", "secret": "s3cret", "client_id": "a"}, "tenant"),
        ({"auth_source": "workload_identity"}, "auth_source"),
        ({"secret": "s3cret", "client_id": "a"}, "tenant"),
        ({"x509_certificate_path": "/none.pem", "client_id": "a", "tenant": "t"}, "x509_certificate_path"),
    ],
)
def test_what_is_missing_is_named_before_any_request(identity: FakeIdentity, params: dict[str, Any], option: str) -> None:
    with pytest.raises(OptionError) as caught:
        tokens(options(params))
    assert caught.value.option == option
    assert identity.made == []


@pytest.mark.parametrize(
    ("more", "environment", "word"),
    [
        ({"client_id": "a"}, {"AZURE_FEDERATED_TOKEN_FILE": "/none"}, "tenant"),
        ({}, {"AZURE_FEDERATED_TOKEN_FILE": "/none"}, "client_id"),
        ({"client_id": "a", "tenant": "t"}, {"AZURE_FEDERATED_TOKEN_FILE": "/none"}, "no such file"),
    ],
)
def test_workload_identity_says_what_is_missing(identity: FakeIdentity, more: dict[str, str], environment: dict[str, str], word: str) -> None:
    with pytest.raises(OptionError, match=word):
        tokens(read_options({"auth_source": "workload_identity", **more}, environment))


class _Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404 if self.path == "/other-cloud" else 400)

    def log_message(self, *args: object) -> None:  # pylint: disable=arguments-differ
        """Quiet."""


def test_the_probe_knows_azures_metadata_service_by_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("requests")
    with http.server.HTTPServer(("127.0.0.1", 0), _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setattr(managed_identity, "_IMDS", f"http://127.0.0.1:{server.server_port}/metadata/identity/oauth2/token")
        assert managed_identity.probe(options()) is None
        monkeypatch.setattr(managed_identity, "_IMDS", f"http://127.0.0.1:{server.server_port}/other-cloud")
        assert "no instance metadata service" in (managed_identity.probe(options()) or "")
        server.shutdown()
        thread.join()
    assert "no instance metadata service" in (managed_identity.probe(options()) or "")
    assert managed_identity.probe(options(IDENTITY_ENDPOINT="http://x")) is None


# auto --------------------------------------------------------------------------------------------------------------------


def test_auto_takes_the_first_that_applies(identity: FakeIdentity, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("federated")
    everything = {
        "AZURE_FEDERATED_TOKEN_FILE": str(file),
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://localhost:1",
        "AZURE_CLIENT_ID": "app",
        "AZURE_TENANT": "t",
    }
    monkeypatch.setattr(cli.shutil, "which", lambda name: "/usr/bin/az")
    assert tokens(options({"access_token": "given-token-value", "secret": "abcdefg"}, **everything)).token() == "given-token-value"
    assert "ClientSecret" in tokens(options({"secret": "abcdefg"}, **everything)).token()
    assert "ClientAssertion" in tokens(options(**everything)).token()
    del everything["AZURE_FEDERATED_TOKEN_FILE"]
    assert "ManagedIdentity" in tokens(options(**everything)).token()
    del everything["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
    assert "AzureCli" in tokens(options(**everything)).token()
    monkeypatch.setattr(managed_identity, "_imds_answers", lambda: True)
    assert "ManagedIdentity" in tokens(options(**everything)).token()


def test_auto_goes_on_when_a_method_turns_out_not_to_be_there(identity: FakeIdentity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.shutil, "which", lambda name: "/usr/bin/az")
    identity.problems["ManagedIdentityCredential"] = CredentialUnavailableError("no identity has been assigned")
    assert "AzureCli" in tokens(options(MSI_ENDPOINT="http://localhost:1")).token()


def test_auto_does_not_sign_in_as_somebody_else_when_the_secret_is_wrong(identity: FakeIdentity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.shutil, "which", lambda name: "/usr/bin/az")
    identity.problems["ClientSecretCredential"] = ClientAuthenticationError("AADSTS7000215: Invalid client secret provided the-secret-value")
    with pytest.raises(AuthError) as caught:
        tokens(options(PRINCIPAL)).token()
    assert "secret is wrong" in (caught.value.hint or "")
    assert "the-secret-value" not in str(caught.value)
    assert [name for name, _args, _kwargs in identity.made] == ["ClientSecretCredential"]


def test_the_end_of_auto_names_every_method_and_its_reason(identity: FakeIdentity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.shutil, "which", lambda name: "/usr/bin/az")
    identity.problems["AzureCliCredential"] = CredentialUnavailableError("Please run 'az login'")
    with pytest.raises(AuthError) as caught:
        tokens(options()).token()
    text = str(caught.value)
    for words in (
        "access_token: access_token (AZURE_ACCESS_TOKEN) is not set",
        "service_principal: neither secret (AZURE_SECRET or AZURE_CLIENT_SECRET)",
        "workload_identity: AZURE_FEDERATED_TOKEN_FILE is not set",
        "msi: none of IDENTITY_ENDPOINT",
        "cli: the Azure CLI is not available: Please run 'az login'",
    ):
        assert words in text
    with pytest.raises(AuthError) as short:
        tokens(options({"auth_source": "env"})).token()
    assert "msi" not in str(short.value)


# Errors of the library ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "kind", "code"),
    [
        (CredentialUnavailableError("x"), AuthError, "CredentialUnavailable"),
        (ServiceRequestError("refused"), TransportError, "LoginUnreachable"),
        (ServiceRequestError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), TransportError, "CertificateNotTrusted"),
        (ClientAuthenticationError("down", 503), TransportError, "LoginUnreachable"),
        (ClientAuthenticationError("slow down", 429), TransportError, "LoginUnreachable"),
        (wrapped(ServiceRequestError("Connection aborted.")), TransportError, "LoginUnreachable"),
        (wrapped(ValueError("HTTP Error: 503")), TransportError, "LoginUnreachable"),
        (wrapped(ValueError("HTTP Error: 400")), AuthError, "AuthenticationFailed"),
        (wrapped(DecodeError("JSON is invalid: Unterminated string\nContent: {")), TransportError, "LoginUnreachable"),
        (ClientAuthenticationError("AADSTS700016: unknown", 400), AuthError, "AuthenticationFailed"),
        (ValueError("Unable to get authority configuration"), AuthError, "AuthenticationFailed"),
    ],
)
def test_what_may_heal_is_told_from_what_will_not(identity: FakeIdentity, problem: Exception, kind: type[Exception], code: str) -> None:
    identity.problems["ClientSecretCredential"] = problem
    with pytest.raises(kind) as caught:
        tokens(options(PRINCIPAL)).token()
    assert caught.value.code == code  # type: ignore[attr-defined]
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert getattr(caught.value, "permanent", False) is (code == "CertificateNotTrusted")


def test_half_a_token_that_could_not_be_read_is_not_shown(identity: FakeIdentity) -> None:
    half = '{"token_type": "Bearer", "expires_in": 3600, "ext": "' + "x" * 30 + '", "access_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJ'
    identity.problems["ClientSecretCredential"] = wrapped(DecodeError(f"JSON is invalid: Unterminated string\nContent: {half}"))
    with pytest.raises(TransportError) as caught:
        tokens(options(PRINCIPAL)).token()
    assert "JSON is invalid" in str(caught.value) and "Content" not in str(caught.value) and "eyJ" not in str(caught.value)


def test_nothing_is_asked_before_the_first_token(identity: FakeIdentity) -> None:
    def no_cloud() -> Cloud:
        raise AssertionError("the cloud is not needed yet")

    source.build_token_source(options(PRINCIPAL), no_cloud, FakeClock())
    assert identity.made == []


# Subscription ------------------------------------------------------------------------------------------------------------


def az(monkeypatch: pytest.MonkeyPatch, stdout: str, code: int = 0) -> list[list[str]]:
    ran: list[list[str]] = []

    def run(command: list[str], **_settings: Any) -> Any:
        ran.append(command)
        return subprocess.CompletedProcess(command, code, stdout.encode(), b"")

    monkeypatch.setattr(cli.shutil, "which", lambda name: "/usr/bin/az")
    monkeypatch.setattr(cli.subprocess, "run", run)
    return ran


def test_the_subscription_given_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = az(monkeypatch, json.dumps({"id": "from-az"}))
    assert source.subscription(options({"subscription_id": "s1", "auth_source": "cli"})) == "s1"
    assert ran == []


def test_the_cli_knows_a_default_subscription(identity: FakeIdentity, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = az(monkeypatch, json.dumps({"id": "from-az"}))
    assert source.subscription(options({"auth_source": "cli"})) == "from-az"
    assert ran == [["/usr/bin/az", "account", "show", "--output", "json"]]
    assert source.subscription(options()) == "from-az"
    with pytest.raises(OptionError, match="AZURE_SUBSCRIPTION_ID"):
        source.subscription(options(PRINCIPAL))


@pytest.mark.parametrize(("stdout", "code"), [("", 1), ("not json", 0), ("{}", 0), ("[]", 0)])
def test_no_default_subscription_names_the_option(monkeypatch: pytest.MonkeyPatch, stdout: str, code: int) -> None:
    az(monkeypatch, stdout, code)
    with pytest.raises(OptionError) as caught:
        source.subscription(options({"auth_source": "cli"}))
    assert caught.value.option == "subscription_id"


def test_without_a_cli_the_option_is_named(identity: FakeIdentity) -> None:
    with pytest.raises(OptionError, match="AZURE_SUBSCRIPTION_ID"):
        source.subscription(options())


# Another audience --------------------------------------------------------------------------------------------------------


def test_a_second_audience_gets_tokens_of_the_same_identity(identity: FakeIdentity) -> None:
    both = [source.build_token_source(options(PRINCIPAL), lambda: CLOUD, FakeClock(), audience) for audience in (None, "https://storage.azure.com")]
    assert both[0].token() != both[1].token()
    assert identity.scopes == [CLOUD.scope, "https://storage.azure.com/.default"]
    assert [made[:2] for made in identity.made][0] == [made[:2] for made in identity.made][1]


@pytest.mark.parametrize("more", [{}, {"auth_source": "access_token"}])
def test_a_given_token_is_not_handed_to_another_audience(identity: FakeIdentity, more: dict[str, Any]) -> None:
    opts = options({**PRINCIPAL, "access_token": "given-token-value", **more})
    given = source.build_token_source(opts, lambda: CLOUD, FakeClock(), "https://storage.azure.com")
    with pytest.raises(AuthError) as caught:
        given.token()
    assert caught.value.code == source.OTHER_AUDIENCE and identity.made == []
