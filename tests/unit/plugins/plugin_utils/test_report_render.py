# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report: whole, safe, and small."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.document import report_of
from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.report_render import FOLDER, as_html, hash_of
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._report.samples import build, many_waves

HOSTILE = "</style></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7 * 7 }}"
VOID = {"meta", "link", "br", "input", "rect", "path", "circle", "use", "img"}


class Reader(HTMLParser):
    """Notes elements, ids, what refers to them, and what would ask for something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.stack.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(str(value))
            if name in ("href", "aria-labelledby") and tag != "link":
                self.targets.append(str(value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.stack.pop() == tag


def poisoned(value: Any) -> Any:
    """The same record with hostile text wherever people or Azure choose it."""
    if isinstance(value, dict):
        kept = ("id", "state", "kind", "purpose", "environment", "time", "started", "finished", "declared", "at", "application", "decision", "result", "url")
        return {key: entry if key in kept else poisoned(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [poisoned(entry) for entry in value]
    return f"{value}{HOSTILE}" if isinstance(value, str) else value


@pytest.mark.parametrize("found", [build(), build(failing=True), build(simulated=True), build(purpose="failover"), build(many_waves(1000), failing=True)])
def test_page_is_whole(found: dict[str, Any]) -> None:
    reader = Reader(as_html(report_of(found)))
    assert len(reader.ids) == len(set(reader.ids))
    inner = [target.lstrip("#") for target in reader.targets if not target.startswith("https://")]
    assert set(inner) <= set(reader.ids)
    assert reader.tags.count("h1") == 1 and reader.tags.count("main") == 1
    assert "style" not in reader.attributes and not [name for name in reader.attributes if name.startswith("on")]
    assert reader.tags.count("caption") == reader.tags.count("table")


def test_hostile_names_stay_text() -> None:
    found = poisoned(build(failing=True))
    text = as_html(report_of({**found, "plan": {**found["plan"], "name": HOSTILE}}))
    reader = Reader(text)
    assert reader.tags.count("script") == 1 and "img" not in reader.tags
    assert "onerror=alert(1)&gt;" in text and "{{ 7 * 7 }}" in text


def test_nothing_is_allowed_but_our_own_style_and_script() -> None:
    text = as_html(report_of(build()))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    for name, tag in (("page.css", "style"), ("page.js", "script")):
        inner = text.split(f"<{tag}>", 1)[1].split(f"</{tag}>", 1)[0]
        assert inner == (FOLDER / name).read_text(encoding="utf-8")
        assert f"{tag}-src '{hash_of(inner)}'" in policy
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy


def test_same_record_makes_the_same_page() -> None:
    assert as_html(report_of(build())) == as_html(report_of(build()))


def test_a_thousand_machines_stay_small() -> None:
    text = as_html(report_of(build(many_waves(1000), failing=True)))
    assert len(text.encode()) < 1_000_000
    assert len(Reader(text).tags) < 15_000
    assert text.count('<th scope="row" class="machine">') == 1000
