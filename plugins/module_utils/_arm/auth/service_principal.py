# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service principal with a secret or a certificate (PEM or PKCS12 file with its private key)."""

from __future__ import annotations

import os
from typing import Any

from ..clouds import Cloud
from .method import Gap, Grant, Method, grant_from, identity_library, login_settings
from .options import CERTIFICATE_PASSWORD, AuthOptions, described


def gap(options: AuthOptions) -> Gap | None:
    if not options.secret and not options.x509_certificate_path:
        return Gap("secret", f"neither {described('secret')} nor {described('x509_certificate_path')} is set")
    for name in ("client_id", "tenant"):
        if not getattr(options, name):
            return Gap(name, f"{described(name)} is not set")
    path = options.x509_certificate_path
    if not options.secret and path and not os.path.isfile(path):
        return Gap("x509_certificate_path", f"there is no file {path}")
    return None


def authenticate(options: AuthOptions, cloud: Cloud) -> Grant:
    if options.secret:
        return grant_from("the service principal's secret", lambda: _with_secret(options, cloud), cloud)
    return grant_from("the service principal's certificate", lambda: _with_certificate(options, cloud), cloud)


def _with_secret(options: AuthOptions, cloud: Cloud) -> Any:
    return identity_library().ClientSecretCredential(options.tenant, options.client_id, options.secret, **login_settings(options, cloud))


def _with_certificate(options: AuthOptions, cloud: Cloud) -> Any:
    return identity_library().CertificateCredential(
        options.tenant,
        options.client_id,
        options.x509_certificate_path,
        password=options.variable(CERTIFICATE_PASSWORD),
        **login_settings(options, cloud),
    )


METHOD = Method("service_principal", gap, authenticate)
