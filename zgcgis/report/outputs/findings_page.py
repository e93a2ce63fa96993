"""The page of a check (核查报告): what was found, how much land it is, what was not checked.

It has no script, needs no network, and prints on landscape pages with heads repeated.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import pandas as pd
from geopandas import GeoDataFrame
from jinja2 import Environment, StrictUndefined

from ...checks.planned_land import industries_of
from ...clusters import location_quotients, orientation_match
from ...findings import SEVERITY_NAMES, describe
from ...io.writing import write_text_whole
from ...language.errors import ZgcgisWarning
from ...language.safe_text import Text, page_value
from ...language.terms import heading
from ...model import LEVELS, Zone
from ...planning import ledger, supply_tables
from ...planning.changes import Question
from ..wording import LIMITS, in_words, land_summary, named
from . import (
    PART,
    Checked,
    coverage_rows,
    plain_dates,
    shown,
    table_rows,
)

__all__ = ["check_sheets", "finding_rows", "findings_page", "tables_page", "write_findings_page"]

_MOST = 2000  # findings on a page; all of them are in the workbook


def write_findings_page(zone: Zone, result: Checked, path: str | Path, *, lang: str = "zh") -> Path:
    """Write a check as one HTML page that needs no network."""
    return write_text_whole(Path(path), findings_page(zone, result, lang=lang))


def findings_page(zone: Zone, result: Checked, *, lang: str = "zh") -> str:
    """Return a check as one HTML page: headline, land by park, findings, what was not checked."""
    return tables_page(
        f"{zone.names[lang]} {Text('核查报告', 'check').say(lang)}",
        result.headline(zone).say(lang),
        _tables(zone, result, lang),
        lang=lang,
        part=PART if result.question.partial else "",
        kept=result.kept_to().say(lang),
        disclaimer=str(zone.meta.get(f"disclaimer_{lang}", "")),
    )


def tables_page(
    title: str,
    head: str,
    tables: Sequence[tuple[Text, pd.DataFrame]],
    *,
    lang: str = "zh",
    kept: str = "",
    part: str = "",
    disclaimer: str = "",
) -> str:
    """Return tables as one HTML page that needs no network; an empty one is left out."""
    text = files("zgcgis").joinpath("resources/templates/findings.html.j2").read_text("utf-8")
    page = Environment(autoescape=True, undefined=StrictUndefined, finalize=page_value)
    return page.from_string(text).render(
        lang=lang,
        part=part,
        title=title,
        head=head,
        kept=kept,
        disclaimer=disclaimer,
        sections=[_section(*one, lang) for one in tables if len(one[1])],
    )


def _tables(zone: Zone, result: Checked, lang: str) -> list[tuple[Text, pd.DataFrame]]:
    """The tables of the page, in order; an empty one is left out."""
    tables = [
        (Text("汇总", "Summary"), land_summary(zone, result.standing, lang)),
        (Text("问题", "Findings"), _findings(zone, result.standing, lang)),
        (Text("未核查的部分", "Not checked"), coverage_rows(result.not_checked, lang)),
        (Text("已豁免", "Waived"), _findings(zone, result.waived, lang)),
    ]
    if result.compared is not None:
        moved = result.compared[result.compared["status"] != "same"]
        columns = ["status", "rule", "feature", "other", "measured_before", "measured", "unit"]
        tables.append((Text("与上次比较", "Since last time"), in_words(zone, moved[columns], lang)))
        left = pd.DataFrame({"reason": [one.say(lang) for one in result.left_out]})
        tables.append((Text("比较时未计入或须注意", "Left out of the comparison"), left))
    tables.append((Text("核查内容", "What was asked"), _asked(result.question, lang)))
    return tables


def _findings(zone: Zone, found: pd.DataFrame, lang: str) -> pd.DataFrame:
    some = found.head(_MOST)
    table = pd.DataFrame(
        {
            "severity": [SEVERITY_NAMES[one].say(lang) for one in some["severity"]],
            "rule": some["rule"],
            "park": [zone.name(one, lang) if one else "—" for one in some["park"]],
            "sentence": describe(named(zone, some, lang), lang),
            "clause": in_words(zone, some[["clause"]], lang)["clause"],
        }
    )
    if {"who", "why", "until"} <= set(some):
        table = table.drop(columns="clause").join(some[["who", "why", "until"]])
    return table


def _section(title: Text, table: pd.DataFrame, lang: str) -> dict[str, object]:
    numbers = [pd.api.types.is_numeric_dtype(table[name]) for name in table]
    rows = [
        [(shown(value, lang), is_number) for value, is_number in zip(row, numbers, strict=True)]
        for row in table.itertuples(index=False, name=None)
    ]
    return {
        "title": title.say(lang),
        "heads": list(zip([heading(str(c), lang) for c in table], numbers, strict=True)),
        "rows": rows,
    }


# --- the workbook --------------------------------------------------------------------------------

_LEDGER = ["unit", "use", "year", "plan_quota_m2", "approved_quota_m2", "cumulative_quota_m2",
           "approved_m2", "supplied_m2", "started_m2", "built_m2", "stock_m2", "left_ha", "left_mu",
           "balance_ha", "balance_mu", "over"]  # fmt: skip
_SUPPLY = ["id", "park_id", "owner", "listed", "area_m2", "due_date", "days_overdue",
           "days_since_approval", "idle_date", "built_share", "invested_share", "government",
           "fee_wan", "takeback", "takeback_date", "next_date", "missing", "clause"]  # fmt: skip


def check_sheets(zone: Zone, result: Checked, lang: str) -> list[tuple[str, pd.DataFrame]]:
    """Return the sheets of a check's workbook: name and table, all in one language."""
    pages = [
        (Text("汇总", "Summary"), land_summary(zone, result.standing, lang)),
        (Text("问题", "Findings"), finding_rows(zone, result.standing, lang)),
        (Text("未查", "Not checked"), coverage_rows(result.not_checked, lang)),
    ]
    if result.compared is not None:
        compared = named(zone, result.compared, lang)
        pages.append((Text("与上次比较", "Since last time"), in_words(zone, compared, lang)))
        left = pd.DataFrame({"reason": [one.say(lang) for one in result.left_out]})
        pages.append((Text("未比较", "Not compared"), left))
    pages += [(title, in_words(zone, table, lang)) for title, table in _land_sheets(zone)]
    pages += [(title, in_words(zone, table, lang)) for title, table in _cluster_sheets(zone)]
    if len(result.waived):
        pages.append((Text("豁免", "Waived"), finding_rows(zone, result.waived, lang)))
    if len(result.granted):
        pages.append((Text("豁免登记", "Waivers"), in_words(zone, result.granted, lang)))
    pages.append((Text("核查内容", "What was asked"), _asked(result.question, lang)))
    asked = {"汇总", "问题", "核查内容"}
    return [(title.say(lang), table) for title, table in pages if len(table) or title.zh in asked]


def finding_rows(zone: Zone, found: GeoDataFrame, lang: str) -> pd.DataFrame:
    """Return findings as a table for people: what is in the sentence has no column of its own."""
    table = table_rows(named(zone, found, lang), lang).drop(columns="detail")
    first = [name for name in ("severity", "rule", "park", "sentence") if name in table]
    return in_words(zone, table[[*first, *table.columns.drop(first)]], lang)


def _ledger(zone: Zone) -> pd.DataFrame:
    return ledger.ledger(zone)[_LEDGER].rename(columns={"unit": "unit_id"})


def _land_sheets(zone: Zone) -> list[tuple[Text, pd.DataFrame]]:
    if "parcel" not in zone.layers:
        return []
    pages = []
    if not zone.quotas.empty:
        pages.append((Text("指标台账", "Quota ledger"), _ledger(zone)))
    if {"agreed_start_date", "supply_date"} <= set(zone.layers["parcel"].columns):
        listed = supply_tables.supply_list(zone)
        table = plain_dates(listed[[name for name in _SUPPLY if name in listed]])
        pages.append((Text("供地与闲置", "Supply and idle"), table))
        pages.append((Text("分期整治", "Programme"), supply_tables.programme(zone)))
    matrix = ledger.use_matrix(zone).as_table()
    pages.append((Text("规划与现状用途", "Planned by actual"), matrix))
    return pages


def _cluster_sheets(here: Zone) -> list[tuple[Text, pd.DataFrame]]:
    """What each park is specialised in, beside what the plan wanted of it."""
    counted = ["park_id", "industry", "year"]
    firms = here.table("enterprise", counted) if here.count("enterprise") else pd.DataFrame()
    plan = here.plan
    if not {"park_id", "industry"} <= set(firms.columns):
        return []
    pages = []
    if plan is not None:
        match = orientation_match(firms, lambda park: industries_of(plan, park))
        pages.append((Text("产业与定位", "Orientation"), match))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZgcgisWarning)  # the column `small` says the same
        quotients = location_quotients(firms)
    pages.append((Text("区位商", "Location quotients"), quotients))
    return pages


def _asked(question: Question, lang: str) -> pd.DataFrame:
    """Return what a check was asked as rows of ``topic`` and ``content`` for people to read."""
    rules = [
        f"{code}（{'，'.join(f'{LIMITS[name].say(lang)} {value}' for name, value in limits.items())}）"
        if limits
        else code
        for code, limits in question.rules.items()
    ]
    rows = [
        (Text("认定日期", "Day of judgement"), question.as_of),
        (Text("已查规则及限值", "Rules checked, limits"), "、".join(rules)),
        (Text("无法判断的规则", "Rules that judged nothing"), "、".join(question.unjudged)),
    ]
    names = {
        "rules": Text("只问的规则", "Only rules"),
        "parks": Text("只问的园区", "Only parks"),
        "severities": Text("只问的等级", "Only severities"),
    }
    for key, values in question.kept_to.items():
        rows.append(
            (names[key], "、".join((SEVERITY_NAMES.get(v) or Text(v, v)).say(lang) for v in values))
        )
    for level, source in question.layers.items():
        name = LEVELS[level].zh if level in LEVELS else level
        where = Text(f"图层 {name}", f"Layer {LEVELS[level].en if level in LEVELS else level}")
        parts = [
            Text(f"{source['features']} 个要素", f"{source['features']} features").say(lang),
            *([str(source["file"])] if "file" in source else []),
            *([f"SHA-256 {source['sha256']}"] if "sha256" in source else []),
        ]
        rows.append((where, "，".join(parts)))
    table = [(topic.say(lang), content) for topic, content in rows if content]
    return pd.DataFrame(table, columns=["topic", "content"])
