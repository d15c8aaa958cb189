# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps tokens, secrets, keys and signatures out of everything a person may read.

Two nets: values known to be secret (``keep_secret``) are replaced wherever they appear, and patterns catch what was
never announced (bearer tokens, JWTs, SAS signatures, account keys, form fields of a token request).
"""

from __future__ import annotations

import re
import threading
MASK = "********"

# A shorter value would blank out ordinary words.
_SHORTEST_SECRET = 6

_FIELDS = "(?:access_?key|account_?key|storage_?key|client_secret|client_assertion|access_token|refresh_token|id_token|password|assertion)"

# What Compute knows of the users of a VM, and what they gave it: in error messages that show a whole VM or restore point.
_OF_USERS = "(?:admin_?username|admin_?password|custom_?data|user_?data|key_?data)"
_QUOTE = r"(?:\\*[\"']|&quot;)"

_known: dict[str, re.Pattern[str]] = {}
"""Secret -> what it looks like in texts."""
_lock = threading.Lock()

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # The signed part of an asynchronous URL is 3 kB of noise, not a secret: cut it for the reader.
    (re.compile(r"(https?://[^\s\"'<>]*?[?&]api-version=[^\s\"'<>&]*(?:&(?!t=)[^\s\"'<>&]*)*)&t=[^\s\"'<>]*", re.IGNORECASE), r"\1"),
    (re.compile(r"\b(Bearer|Basic|SharedKey)\s+[A-Za-z0-9._~+/=:-]{16,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*"), MASK),
    (re.compile(r"([?&]sig=)[^\s&\"'<>]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\b((?:AccountKey|SharedAccessSignature|SharedAccessKey)=)[^\s;\"'<>]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(rf"\b({_FIELDS}=)[^\s&\"',;}}]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(rf"([\"']{_FIELDS}[\"']\s*:\s*[\"'])[^\"']+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(rf"({_QUOTE}{_OF_USERS}{_QUOTE}\s*:\s*({_QUOTE}))(?:(?!\2).)+", re.IGNORECASE | re.DOTALL), rf"\1{MASK}"),
    (re.compile(rf"\b({_OF_USERS}\s*[:=]\s*)[^\s,;\"'&]+", re.IGNORECASE), rf"\1{MASK}"),
    # Also where a message was cut short.
    (re.compile(r"(/home/)[^/\s\"'\\]+?(?=/\.ssh|/?\.?s{0,2}\.{3})"), rf"\1{MASK}"),
)


def keep_secret(value: str | None) -> None:
    """Never let this value out again: every later ``redact`` of this process masks it, also as part of a URL, of JSON or of HTML."""
    if not value or len(value.strip()) < _SHORTEST_SECRET:
        return
    text = value.strip()
    with _lock:
        if text not in _known:
            _known[text] = re.compile("".join(map(_forms, text)))


def redact(text: object) -> str:
    """The text without anything secret, and with signed URLs cut to what a person can read."""
    clean = str(text)
    with _lock:
        secrets = [_known[secret] for secret in sorted(_known, key=len, reverse=True)]
    for secret in secrets:
        clean = secret.sub(MASK, clean)
    for pattern, replacement in _PATTERNS:
        clean = pattern.sub(replacement, clean)
    return clean


def _forms(character: str) -> str:
    """A pattern for one character: as it is, percent-encoded (once or more), and as JSON and HTML write what may be special."""
    if character.isascii() and character.isalnum():
        return character
    code = ord(character)
    encoded = "".join(f"%(?:25)*{byte:02X}" for byte in character.encode(errors="replace"))
    forms = [r"\\*" + re.escape(character), encoded, rf"\\+u{code:04x}", rf"&\#(?:0*{code}|x0*{code:x});"]
    return rf"(?i:{'|'.join(forms)}{'|[+]' if character == ' ' else ''})"


def short_url(url: str) -> str:
    """A URL cut before its signature (at the first ``&t=``), so 4 kB become one readable line."""
    return redact(url.split("&t=", 1)[0])
