# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in a browser: for everybody, everywhere, without the network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from chromium import Page

NAMES = ("three", "passed", "failed", "rehearsed", "thousand", "thousand-failed")
OPEN_ALL = "document.querySelectorAll('details').forEach((element) => { element.open = true; })"
AXE = "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations.map((rule) => rule.id + ': ' + rule.nodes[0].html.slice(0, 200)))"
WIDER = """
[...document.querySelectorAll('body *')]
  .filter((element) => !element.closest('.scroll, .hidden') && element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((element) => element.outerHTML.slice(0, 120))
"""
FOCUSED = "(() => { const e = document.activeElement; return [e.tagName, getComputedStyle(e).outlineStyle, e.textContent.trim().slice(0, 60)]; })()"
CONTROLS = "[...document.querySelectorAll('a[href], summary, input, .scroll')].filter((element) => element.checkVisibility()).length"
TAB = 9
ENTER = 13


@pytest.mark.parametrize("name", NAMES)
def test_page_asks_nothing_of_the_network_and_has_nothing_to_complain_of(page: Page, reports: dict[str, Path], name: str) -> None:
    page.show(1280)
    page.open(reports[name])
    asked = [event["request"]["url"] for event in page.events("Network.requestWillBeSent")]
    assert [url for url in asked if not url.startswith("data:")] == [reports[name].absolute().as_uri()]
    assert page.events("Log.entryAdded") == []
    assert page.events("Runtime.consoleAPICalled") + page.events("Runtime.exceptionThrown") == []


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wider_than_the_page(page: Page, reports: dict[str, Path], name: str, width: int) -> None:
    page.show(width)
    page.open(reports[name])
    page.run(OPEN_ALL)
    assert page.run(WIDER) == []
    assert page.run("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["three", "passed", "failed", "rehearsed"])
def test_accessible(page: Page, reports: dict[str, Path], axe: str, name: str, scheme: str) -> None:
    page.show(1280, scheme=scheme)
    page.open(reports[name])
    page.run(OPEN_ALL)
    page.run(axe)
    assert page.run(AXE) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_on_a_phone(page: Page, reports: dict[str, Path], axe: str, scheme: str) -> None:
    page.show(360, scheme=scheme)
    page.open(reports["failed"])
    page.run(OPEN_ALL)
    page.run(axe)
    assert page.run(AXE) == []


def test_accessible_with_a_thousand_machines(page: Page, reports: dict[str, Path], axe: str) -> None:
    page.show(1280)
    page.open(reports["thousand-failed"])
    page.run(axe)
    assert page.run(AXE) == []


def test_the_test_of_accessibility_finds_what_is_wrong(page: Page, reports: dict[str, Path], axe: str) -> None:
    page.show(1280)
    page.open(reports["three"])
    page.run("document.querySelector('.quiet').style.color = '#ccc'")
    page.run(axe)
    assert [rule.split(":")[0] for rule in page.run(AXE)] == ["color-contrast"]


def test_headings_are_in_order(page: Page, reports: dict[str, Path]) -> None:
    page.open(reports["failed"])
    levels = page.run("[...document.querySelectorAll('h1, h2, h3, h4')].map((element) => Number(element.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:]))


@pytest.mark.parametrize("name", ["failed", "thousand"])
def test_keyboard_reaches_everything_and_shows_where_it_is(page: Page, reports: dict[str, Path], name: str) -> None:
    page.show(1280)
    page.open(reports[name])
    reached = []
    for number in range(page.run(CONTROLS)):
        page.press("Tab", TAB)
        reached.append(page.run(FOCUSED))
    assert reached[0][0] == "A" and "Skip" in reached[0][2]
    summaries = page.run("[...document.querySelectorAll('summary')].filter((element) => element.checkVisibility()).length")
    assert sum(tag == "SUMMARY" for tag, outline, words in reached) == summaries
    assert [words for tag, outline, words in reached if outline == "none"] == []
    page.run("document.querySelector('details.wave > summary').focus()")
    for expected in (True, False):
        page.press("Enter", ENTER, "\r")
        assert page.run("document.querySelector('details.wave').open") is expected


def test_filter_narrows_the_machines_and_says_how_many_are_left(page: Page, reports: dict[str, Path]) -> None:
    page.show(1280)
    page.open(reports["thousand-failed"])
    page.run("document.querySelector('#machines').nextElementSibling.open = true")
    page.run("document.querySelector('[data-filter=all-machines] input').focus()")
    page.type("ORDERS-data failed")
    shown = page.run("[...document.querySelectorAll('#all-machines tbody tr')].filter((row) => !row.hidden).map((row) => row.textContent)")
    assert 0 < len(shown) < 20 and all("orders-data" in text and "failed" in text for text in shown)
    assert page.run("document.querySelector('[data-filter=all-machines] [role=status]').textContent") == f"{len(shown)} of 1000"


def test_everything_can_be_read_without_javascript(page: Page, reports: dict[str, Path]) -> None:
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    page.show(1280)
    page.open(reports["failed"])
    root = page.send("DOM.getDocument", depth=0)["root"]["nodeId"]

    def number(selector: str) -> int:
        return len(page.send("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"])

    assert number("details") > 5 and number("input") == 0
    assert number("#all-machines tbody tr") == 20
    assert number("script") == 1


@pytest.mark.parametrize(("name", "most"), [("three", 6), ("failed", 14), ("thousand", 30)])
def test_prints_on_white_paper_in_few_pages(page: Page, reports: dict[str, Path], name: str, most: int) -> None:
    page.show(800, scheme="dark")
    page.open(reports[name])
    found = page.pdf()
    pages = len(re.findall(rb"/Type\s*/Page\b", found))
    assert found.startswith(b"%PDF-") and 1 <= pages <= most
    page.show(800, scheme="dark", media="print")
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.run("getComputedStyle(document.querySelector('nav')).display") == "none"


def test_what_matters_is_open_on_paper_and_closed_again_after(page: Page, reports: dict[str, Path]) -> None:
    page.open(reports["failed"])
    states: list[Any] = []
    for event in ("beforeprint", "afterprint"):
        page.run(f"dispatchEvent(new Event('{event}'))")
        states.append(page.run("[...document.querySelectorAll('details.wave')].map((element) => element.open)"))
    assert all(states[0]) and not any(states[1])


def test_a_thousand_machines_are_a_page_like_others(page: Page, reports: dict[str, Path]) -> None:
    page.show(1280)
    page.open(reports["thousand-failed"])
    assert reports["thousand-failed"].stat().st_size < 1_000_000
    assert page.run("document.querySelectorAll('*').length") < 15_000
    assert page.run("document.documentElement.scrollHeight") < 12_000
