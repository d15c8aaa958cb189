# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Searches all outputs of the tests for secrets: `check_secrets.py BUILD`. Exit status 1 when one is found.

Outputs are BUILD/logs/*.log and the logs of the simulators of the integration tests. Secrets are what each simulator knew or gave out (its
`secrets.json`: client secrets, tokens, storage keys, signatures) and anything that has the form of a token or a signature.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Iterator

FORMS = {
    "a JSON web token": re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"),
    "a shared access signature": re.compile(r"[?&]sig=(?!\*|REDACTED|<)[\w%+/=-]{16,}"),
    "a signed operation URL": re.compile(r"[?&]s=[\w-]{64,}&h="),
    "an account key": re.compile(r"AccountKey=(?!\*|REDACTED|<)[\w+/=-]{16,}"),
    "an authorization header": re.compile(r"Bearer [\w.~+/-]{20,}"),
}
SHORTEST = 8
"""A shorter secret would be found by chance."""


def findings(text: str, secrets: set[str]) -> Iterator[tuple[int, str]]:
    """Line number and kind of everything in the text that should not be there; never the secret itself."""
    for number, line in enumerate(text.splitlines(), start=1):
        for secret in secrets:
            if secret in line:
                yield number, "a secret of the simulator (%d characters)" % len(secret)
        for kind, form in FORMS.items():
            if form.search(line):
                yield number, kind


def known_secrets(runs: list[Path]) -> set[str]:
    """All secrets of these runs; each must have left its list."""
    missing = ["%s/%s" % (run.parent.name, run.name) for run in runs if not (run / "secrets.json").is_file()]
    if missing:
        sys.exit("These simulators left no list of their secrets, so the outputs cannot be searched: " + ", ".join(missing))
    return {secret for run in runs for secret in json.loads((run / "secrets.json").read_text()) if len(secret) >= SHORTEST}


def main(build: Path) -> int:
    runs = sorted(path for path in (build / "runs" / "integration").glob("*") if path.is_dir())
    logs = sorted((build / "logs").glob("*.log")) + [run / "simulator.log" for run in runs]
    secrets = known_secrets(runs)
    if not logs or not secrets:
        sys.exit("There is nothing to search (%d outputs) or to search for (%d secrets): run the tests first." % (len(logs), len(secrets)))
    found = 0
    for log in logs:
        for number, kind in findings(log.read_text(encoding="utf-8", errors="replace"), secrets):
            found += 1
            print("%s:%d: %s" % (log, number, kind))
    print("%d outputs searched for %d secrets: %d found." % (len(logs), len(secrets), found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
