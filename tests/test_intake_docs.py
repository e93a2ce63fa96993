"""What ``docs/reading.md`` says of the rules is what the program does."""

from __future__ import annotations

from pathlib import Path
from string import Formatter

from zgcgis.findings import RULES
from zgcgis.intake.log import ENDS, MENDS, table_of_rules

PAGE = Path(__file__).parents[1] / "docs" / "reading.md"
FIELDS = {"feature", "other", "measured", "limit", "detail", "level", "unit", "file"}


def test_the_page_lists_every_rule_as_it_is():
    assert PAGE.read_text(encoding="utf-8").endswith("\n" + table_of_rules())


def test_every_rule_is_whole():
    codes = [code for code in RULES if code in ENDS]
    assert len(codes) == len(ENDS) == len(MENDS)
    for code in codes:
        rule, mend = RULES[code], MENDS[code]
        assert code[0] == "R"
        assert rule.clause == ""
        assert rule.zh
        assert rule.en
        assert bool(mend.zh) == bool(mend.en), code
        if ENDS[code] in {"feature", "file"}:
            assert mend.zh, code
        for text in (rule.zh, rule.en, mend.zh, mend.en):
            names = {name for _, name, _, _ in Formatter().parse(text) if name}
            assert names <= FIELDS, code


def test_severity_follows_from_the_end():
    for code, end in ENDS.items():
        if end == "file":
            assert RULES[code].severity == "error", code
        if end == "note":
            assert RULES[code].severity == "note", code
