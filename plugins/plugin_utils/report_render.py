# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a report into the HTML page. The template, its style and its script are in report_page/, which only the controller has."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any, Mapping

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.page import page_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.texts import moment_text
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).parent / "report_page"


def as_html(report: Mapping[str, Any]) -> str:
    """The whole page. Every value is escaped; only our own style and script are allowed to be, by their hashes."""
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(moment=moment_text, number=number, capfirst=capfirst, column_title=column_title)
    style, script = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return environment.get_template("page.html.j2").render(
        **page_of(report), style=Markup(style), style_hash=hash_of(style), script=Markup(script), script_hash=hash_of(script)
    ) + "\n"


def hash_of(text: str) -> str:
    """As a Content-Security-Policy names what is allowed."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def number(value: float) -> str:
    return f"{value:,g}" if isinstance(value, float) else f"{value:,}"


def capfirst(text: str) -> str:
    return text[:1].upper() + text[1:]


def column_title(kind: str, words: Mapping[str, str]) -> str:
    """Of a column of times; # is for numbers, to the right."""
    return "#" + capfirst(words[kind])
