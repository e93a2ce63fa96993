"""``docs/zone.zh.md`` tells every key that a zone's files may hold, as the schema has it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from zgcgis.checks.topology import Limits
from zgcgis.model import COLUMNS, LEVELS
from zgcgis.plan.fields import FORMS
from zgcgis.report import zone_page

PAGE = Path(__file__).parents[1] / "docs" / "zone.zh.md"
FILES = tuple(form for form in FORMS if "/" not in form)
KEYS = [(form, key) for form in FORMS for key in FORMS[form]]
COLUMNS_OF = [(level, key) for level in LEVELS for key in LEVELS[level].columns]


def test_the_page_is_not_stale():
    assert PAGE.read_text(encoding="utf-8") == zone_page(), (
        "python -c \"from zgcgis.report import zone_page; print(zone_page(), end='')\" > docs/zone.zh.md"
    )


@pytest.mark.parametrize(("level", "key"), COLUMNS_OF)
def test_every_column_of_a_layer_has_its_line(level, key):
    part = PAGE.read_text(encoding="utf-8").split(f"\n### `{level}` ")[1].split("\n### ")[0]
    assert f"| `{key}` | {COLUMNS[key].zh} |" in part
    assert all(f"`{value}`" in part for value in COLUMNS[key].values)


def section(form: str) -> str:
    """Return the part of the page that is about a file, or about a table of it."""
    file, _, table = form.partition("/")
    text = PAGE.read_text(encoding="utf-8")
    (own,) = [part for part in text.split("\n## ")[1:] if part.startswith(f"`{file}`")]
    parts = own.split("\n### ")
    return parts[0] if not table else next(p for p in parts if p.startswith(f"`[{table}]`"))


@pytest.mark.parametrize(("form", "key"), KEYS)
def test_every_key_has_its_line_with_what_it_may_hold(form, key):
    (line,) = [one for one in section(form).splitlines() if one.startswith(f"| `{key}` |")]
    field = FORMS[form][key]
    assert all(f"`{value}`" in line for value in field.values if value)
    assert all(head in line for head in field.heads)
    for bound in (field.least, field.most, field.above):
        assert bound is None or f" {bound:g}" in line
    if form != "zone.toml/checks":
        assert ("| 是 |" in line) == field.needed


@pytest.mark.parametrize("limit", dataclasses.fields(Limits), ids=lambda f: f.name)
def test_every_limit_of_the_checks_is_told_with_what_holds_without_it(limit):
    lines = section("zone.toml/checks").splitlines()
    (line,) = [one for one in lines if one.startswith(f"| `{limit.name}` |")]
    default = "由数据推断" if limit.default is None else f"{limit.default:g}"
    assert line.split("|")[3].strip() == default
    assert line.split("|")[2].strip()


def test_the_page_tells_of_no_key_that_is_none():
    told = [one for form in FORMS for one in section(form).splitlines()]
    named = [one.split("`")[1] for one in told if one.startswith("| `")]
    assert len(named) == len(KEYS)
