# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line: `azure-dr-simulator --ready-file FILE [--estate FILE] [--speed 60] ...`."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
from pathlib import Path
from typing import Sequence

from . import __version__
from .blobs.azurite import AzuriteError
from .estate import EstateError, default_document, load_estate, read_document
from .fleet import with_fleet
from .gate.throttle import PROFILES
from .server import Options, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until it is told to stop. Returns the exit status: 0, or 2 for a wrong estate or option."""
    try:
        options = _options(_parser().parse_args(arguments))
        asyncio.run(run(options))
    except EstateError as error:
        print(f"azure-dr-simulator: estate: {error}", file=sys.stderr)
        return 2
    except (OSError, AzuriteError) as error:
        print(f"azure-dr-simulator: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="azure-dr-simulator",
        description="Simulates the parts of Azure that disaster recovery needs, on loopback ports, until SIGTERM or Ctrl+C.",
    )
    add = parser.add_argument
    add(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="write URLs, ids and the first principal's secret here (JSON, mode 0600) once listening",
    )
    add(
        "--estate", type=Path, metavar="FILE", help="YAML of what exists at the start; default: a small built-in estate"
    )
    add("--vms", type=_count, default=0, metavar="N", help="replace the estate's virtual machines by N generated ones")
    add("--protected", action="store_true", help="with --vms: protect the generated machines, spread over the vaults")
    add("--speed", type=_positive, default=1.0, metavar="X", help="virtual seconds per second (default 1)")
    add(
        "--slow-start",
        action="store_true",
        help="at wall speed until the first request that changes something, so that what looks around before it finds nothing aged",
    )
    add("--throttle", choices=PROFILES, default="2026", help="limits and counters as in that year (default 2026)")
    add("--port", type=_count, default=0, metavar="PORT", help="HTTPS port of ARM and login (default: a free one)")
    add("--control-port", type=_count, default=0, metavar="PORT", help="plain-http control port (default: a free one)")
    add(
        "--imds-port",
        type=_count,
        default=0,
        metavar="PORT",
        help="plain-http managed identity port (default: a free one)",
    )
    add(
        "--state-dir",
        type=Path,
        metavar="DIR",
        help="keep the certificate authority here (default: a new one in a temporary directory)",
    )
    add("--seed", type=int, default=0, metavar="N", help="seed of generated ids (default 0)")
    add(
        "--token-lifetime",
        type=_positive,
        default=3600.0,
        metavar="SECONDS",
        help="wall seconds until a token expires (default 3600)",
    )
    add(
        "--azurite",
        type=shlex.split,
        default=[],
        metavar="COMMAND",
        help="start this Azurite (such as azurite-blob) and serve the storage accounts' blobs from it; "
        "default: keep them in memory, which is enough for containers and block blobs",
    )
    add(
        "--stop-with",
        type=_count,
        default=0,
        metavar="PID",
        help="stop when the process of this id ends, however it ends",
    )
    add("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


def _options(given: argparse.Namespace) -> Options:
    document = read_document(given.estate) if given.estate else default_document()
    if given.vms:
        document = with_fleet(document, given.vms, protected=given.protected)
    return Options(
        estate=load_estate(document),
        speed=given.speed,
        slow_start=given.slow_start,
        throttle=given.throttle,
        port=given.port,
        control_port=given.control_port,
        imds_port=given.imds_port,
        state_dir=given.state_dir,
        ready_file=given.ready_file,
        seed=given.seed,
        token_lifetime=given.token_lifetime,
        azurite=tuple(given.azurite),
        stop_with=given.stop_with,
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text} must be greater than 0")
    return number
