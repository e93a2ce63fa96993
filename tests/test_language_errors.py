"""Errors: one sentence in two languages that says what is there and the way out."""

from __future__ import annotations

import inspect

import pytest

from zgcgis.language import errors
from zgcgis.language.errors import MissingColumnsError, UnknownNameError, ZgcgisError


def test_both_languages_stand_in_the_message_and_each_alone_is_to_be_had():
    error = ZgcgisError("面积为负。", "The area is negative.")
    assert str(error) == "面积为负。\nThe area is negative."
    assert error.say("zh") == "面积为负。"
    assert error.say("en") == "The area is negative."


def test_missing_columns_are_named_beside_those_there():
    error = MissingColumnsError({"b", "a"}, ["c"], where="parcels.csv")
    for lang in ("zh", "en"):
        assert all(word in error.say(lang) for word in ("parcels.csv", "['a', 'b']", "['c']"))


def test_an_unknown_name_is_answered_with_the_names_there_are():
    error = UnknownNameError("flor", ["floor", "door"], what="indicator", zh="指标")
    assert "['door', 'floor']" in error.say("en")
    assert "['flor'] 的指标" in error.say("zh")


@pytest.mark.parametrize("name", [n for n in errors.__all__ if n.endswith("Error")])
def test_every_error_is_caught_as_one_kind(name):
    kind = getattr(errors, name)
    assert issubclass(kind, ZgcgisError)
    assert issubclass(kind, ValueError)
    assert inspect.getdoc(kind)
