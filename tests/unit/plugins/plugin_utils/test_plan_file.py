# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of plans: what cannot be read, and the lines of what is wrong in them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.problems import PlanError
from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils import plan_file
from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.plan_file import PlanFile

TEXT = """\
x-common: &common
  region: eastasia
  subnet: app
targets:
  primary:
    <<: *common
    subnet: isolated
applications:
  - name: shop
    waves:
      - {name: data, virtual_machines: [{group: db}]}
      - name: web
        virtual_machines:
          - group: web
          - group: db
"""


def read(text: str) -> PlanFile:
    return PlanFile("plan.yml", text.encode())


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"", None, "the file is empty"),
        (b"# nothing\n", None, "the file is empty"),
        (b"a: 1\nb: [\n", 3, "this is not YAML: while parsing a flow"),
        (b"a: 1\n b: 2\n", 2, "mapping values are not allowed in this context, column 3"),
        (b"a: 1\n---\nb: 2\n", 2, "but found another document"),
        (b"a: 1\nb: \xff\n", 2, "the file is not in UTF-8"),
        (b"a: !python/object:os.system x\n", 1, "could not determine a constructor"),
        (b"a: &a [*a]\n", None, "there is more in it than text, numbers, lists and mappings"),
        (b"a: !!binary YQ==\n", None, "there is more in it than text, numbers, lists and mappings"),
        (b"a: .nan\n", None, "there is more in it than text, numbers, lists and mappings"),
        (b"a: 1\nb:\n  c: !vault |\n    $ANSIBLE_VAULT;1.1;AES256\n", 3, "a value is encrypted with Ansible Vault; a plan is shown in results"),
        (b"a:\n  b: 1\n  c: 2\n  b: 3\n", 4, "this key is there already, in line 2"),
    ],
)
def test_files_that_are_no_plans(content: bytes, line: int | None, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        PlanFile("plan.yml", content)
    (problem,) = caught.value.problems
    assert message in problem.message and problem.line == line
    assert "plan.yml" in str(caught.value)


def test_a_file_that_is_far_too_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_file, "MOST_BYTES", 10)
    with pytest.raises(PlanError, match="11 bytes"):
        PlanFile("plan.yml", b"a: 23456789")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\ufeffa: 1", {"a": 1}),
        ('{"a": [1, true, null]}', {"a": [1, True, None]}),
        ("a: 2026-06-01\nb: 2026-06-01T10:00:00Z", {"a": "2026-06-01", "b": "2026-06-01T10:00:00Z"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("1: a", {"1": "a"}),
    ],
)
def test_what_is_read(text: str, expected: Any) -> None:
    assert read(text).document == expected


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), None),
        (("targets",), 4),
        (("targets", "primary", "subnet"), 7),
        (("targets", "primary", "region"), 2),
        (("applications", 0, "name"), 9),
        (("applications", 0, "waves", 0, "virtual_machines", 0, "group"), 11),
        (("applications", 0, "waves", 1, "virtual_machines", 1), 15),
        # What is not there is where it is missing.
        (("applications", 0, "waves", 1, "after", 0), 12),
        (("applications", 7), 8),
        (("zzz",), None),
    ],
)
def test_lines(path: tuple[str | int, ...], line: int | None) -> None:
    assert read(TEXT).line(path) == line


def test_problems_of_the_module_get_lines() -> None:
    error = read(TEXT).located([{"path": ["applications", 0, "name"], "key": "applications[0].name", "message": "it is wrong", "line": None}])
    assert str(error) == "InvalidPlan: One thing is wrong in the plan plan.yml: applications[0].name (line 9): it is wrong"
    assert error.as_failure()["problems"] == [{"key": "applications[0].name", "path": ["applications", 0, "name"], "message": "it is wrong", "line": 9}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(TEXT, ["db", "web"]), ("applications: 1", []), ("applications: [1, {waves: [{virtual_machines: [{group: 1}, 2]}]}]", [])],
)
def test_the_groups_that_are_named(text: str, expected: list[str]) -> None:
    assert read(text).groups() == expected
