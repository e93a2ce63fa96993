"""Options that mean the same are named the same in every command, and the year of a check."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import click
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_zone_values import run

from zgcgis.checks.supply import as_known, as_of
from zgcgis.cli import COMMANDS, cli
from zgcgis.cli.console import Output
from zgcgis.io import open_zone
from zgcgis.language.errors import UnknownNameError

OPTIONS = [
    (name, option)
    for name in COMMANDS
    for option in cli.get_command(click.Context(cli), name).params
    if isinstance(option, click.Option)
]


def by(key):
    found = defaultdict(set)
    for name, option in OPTIONS:
        for one in key(option):
            found[one].add((name, option))
    return found


def meaning(option):
    """What an option is called inside; one that may be repeated is the plural of the other."""
    return option.name.removesuffix("s")


MEANINGS = by(lambda option: [meaning(option)])
NAMES = by(lambda option: option.opts)


@pytest.mark.parametrize("one", sorted(MEANINGS))
def test_one_meaning_has_one_name(one):
    held = MEANINGS[one]
    names = {frozenset(option.opts + option.secondary_opts) for _, option in held}
    if one == "layer":  # a layer of a file; the layers of land that a page holds
        names -= {frozenset({"--layers"})}
    assert len(names) == 1, sorted((name, option.opts) for name, option in held)


@pytest.mark.parametrize("one", sorted(NAMES))
def test_one_name_has_one_meaning_and_one_kind(one):
    held = NAMES[one]
    assert len({meaning(option) for _, option in held}) == 1
    kinds = {(type(option.type).__name__, option.is_flag) for _, option in held}
    if one == "--level":  # fix cleans three of the levels only
        kinds -= {("Choice", False)}
    assert len(kinds) == 1, (one, kinds)


def test_one_explanation_stands_under_one_name():
    for words, held in by(lambda option: [option.help]).items():
        assert len({frozenset(option.opts) for _, option in held}) == 1, (words, held)


def test_kinds_of_values_have_their_names():
    for name, option in OPTIONS:
        if isinstance(option.type, Output):
            assert option.opts in (["-o", "--out"], ["--slides"], ["--print"]), name
        if isinstance(option.type, click.DateTime):
            assert option.opts == ["--as-of"], name
        if "年" in (option.help or "") and option.type is click.INT:
            assert option.opts == ["--year"], name


def test_every_command_speaks_both_languages():
    assert {name for name, option in OPTIONS if option.name == "lang"} == set(COMMANDS)


# --- the year of a check -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample():
    return open_zone("sample")


def test_a_zone_as_known_in_a_year_holds_nothing_later(sample):
    then = as_known(sample, 2022)
    for table in (then.accounts, then.quotas, then.layer("enterprise")):
        assert pd.to_numeric(table["year"]).max() == 2022
    assert as_of(then).isoformat() == "2022-12-31"
    assert max(then.meta["years"]) == 2022
    assert len(then.layer("parcel")) == len(sample.layer("parcel"))


def test_the_last_year_is_the_zone_as_it_is(sample):
    last = as_known(sample, 2023)
    assert as_of(last) == as_of(sample)
    assert len(last.accounts) == len(sample.accounts)
    with pytest.raises(UnknownNameError, match="2019"):
        as_known(sample, 2019)


def test_check_takes_a_year_and_says_its_day(tmp_path):
    words = ["check", "sample", "--rule", "D", "--lang", "en"]
    now, then = run(words)[1], run([*words, "--year", "2022"])[1]
    assert "2022-12-31" in then
    assert "2022-12-31" not in now
    code, _, said = run([*words, "--year", "2031"])
    assert code == 3
    assert "no year named ['2031']" in said
    code, _, said = run([*words, "--year", "2022", "--as-of", "2023-01-31"])
    assert code == 2
    assert "no day of --year 2022" in said
    code, said, _ = run(["check", str(Path("data/sample/layers/parcel.geojson").resolve()),
                         "--year", "2022", "--lang", "en"])  # fmt: skip
    assert "2022-12-31" in said
