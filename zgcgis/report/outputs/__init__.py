"""What a check leaves on the desk: GeoPackage, workbook, JSON, and a summary by rule."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame

from ...checks.coverage import coverage_lines, unjudged
from ...findings import COLUMNS, RULES, SEVERITIES, SEVERITY_NAMES, describe
from ...io.spreadsheets import (
    PLAIN,
    Book,
    Look,
    Sheet,
    book_bytes,
    plain_value,
    refuse_too_large,
    workbook_remark,
    write_book_of,
)
from ...io.stored.outside import read_outside_json, read_outside_tables
from ...io.writing import write_text_whole
from ...language.errors import MissingColumnsError, ReadError, ZgcgisError
from ...language.safe_text import Text, json_text, text_width
from ...language.terms import heading
from ...model import Zone
from ...planning.changes import Question, Waiver

__all__ = [
    "Checked",
    "coverage_rows",
    "findings_json",
    "plain_dates",
    "read_findings",
    "records_json",
    "summary",
    "table_rows",
    "workbook_bytes",
    "write_findings_gpkg",
    "write_json",
    "write_workbook",
]

_FILL = {"error": "F6C9C4", "warning": "FBE3B5", "note": "DDE8F3"}


@dataclass(frozen=True)
class Checked:
    """A check of a zone and what came of it.

    Attributes
    ----------
    standing, waived
        The findings that were asked for, gravest first, with the column ``park``; the waived
        ones also with ``who why until``.
    not_checked
        What the rules could not judge.
    question
        What was asked.
    compared, left_out
        What changed since an earlier check, if one was given; what was not compared.
    granted, idle
        The waivers on file; those that matched nothing or have run out.
    """

    standing: GeoDataFrame
    waived: GeoDataFrame
    not_checked: pd.DataFrame
    question: Question
    compared: pd.DataFrame | None = None
    left_out: Sequence[Text] = ()
    granted: pd.DataFrame = field(default_factory=pd.DataFrame)
    idle: Sequence[Waiver] = ()

    @property
    def day(self) -> date:
        """The day of judgement."""
        return date.fromisoformat(self.question.as_of)

    def headline(self, zone: Zone) -> Text:
        """Say in one line how much was found, and how many rules could judge, or only in part."""
        asked, nothing = self.question.rules, len(self._unanswered())
        part = len(set(asked) & set(self.not_checked["rule"]))
        counts = [int((self.standing["severity"] == name).sum()) for name in SEVERITIES]
        said = [
            "，".join(
                f"{SEVERITY_NAMES[s].zh} {n}" for s, n in zip(SEVERITIES, counts, strict=True)
            ),
            ", ".join(
                f"{SEVERITY_NAMES[s].en} {n}" for s, n in zip(SEVERITIES, counts, strict=True)
            ),
        ]
        return Text(
            f"{zone.names['zh']}，截至 {self.day}：{said[0]}；"
            f"已查规则 {len(asked)} 条，其中 {part} 条只查了一部分，未查 {nothing} 条",
            f"{zone.names['en']}, as of {self.day}: {said[1]}; {len(asked)} rules checked, {part} "
            f"of them only in part, {nothing} not checked",
        )

    def _unanswered(self) -> set[str]:
        return unjudged(self.not_checked, RULES) | set(self.question.unjudged)

    def kept_to(self) -> Text:
        """Say what the check was kept to; empty if to nothing."""
        names = {
            "rules": Text("规则", "rules"),
            "parks": Text("园区", "parks"),
            "severities": Text("等级", "severities"),
        }
        kept = [(names[key], values) for key, values in self.question.kept_to.items() if values]
        if not kept:
            return Text("", "")
        zh = "；".join(
            f"{name.zh} {'、'.join(_said(v).zh for v in values)}" for name, values in kept
        )
        en = "; ".join(
            f"{name.en} {', '.join(_said(v).en for v in values)}" for name, values in kept
        )
        return Text(f"只问了：{zh}", f"Asked only: {en}")

    def json_text(self) -> str:
        """Return all of it as JSON text."""
        return findings_json(
            self.standing,
            zone=self.question.zone,
            as_of=self.day,
            waived=self.waived,
            compared=self.compared,
            not_checked=self.not_checked,
            asked=self.question,
            left_out=self.left_out,
        )


def _said(word: str) -> Text:
    return SEVERITY_NAMES.get(word) or Text(word, word)


def summary(findings: pd.DataFrame, lang: str = "zh") -> pd.DataFrame:
    """Return one row per rule: ``rule severity count worst total unit sentence``.

    The gravest come first, then those on the most land.

    ``worst`` is the largest excess over the limit in the rule's unit, ``total`` the sum of what
    was measured, for areas.
    """
    rows = []
    for (rule, severity), group in findings.groupby(["rule", "severity"], sort=False):
        measured = group["measured"].astype("float64")
        unit = str(group["unit"].iloc[0] or "")
        template = getattr(RULES[str(rule)], lang)
        rows.append(
            {
                "rule": rule,
                "severity": severity,
                "count": len(group),
                "worst": float(measured.abs().max()) if measured.notna().any() else math.nan,
                "total": float(measured.sum()) if unit == "m2" else math.nan,
                "unit": unit,
                "sentence": plain_template(template),
            }
        )
    columns = ["rule", "severity", "count", "worst", "total", "unit", "sentence"]
    table = pd.DataFrame(rows, columns=columns)
    grave = table["severity"].map({name: k for k, name in enumerate(SEVERITIES)})
    land = -table["total"].abs().astype("float64")
    order = pd.DataFrame(
        {"grave": grave, "land": land, "count": -table["count"], "rule": table["rule"]}
    )
    order = order.sort_values(list(order), na_position="last")
    return table.loc[order.index].reset_index(drop=True)


def plain_template(template: str) -> str:
    """Return a rule's sentence with its fields as dots."""
    out, depth = [], 0
    for letter in template:
        if letter == "{":
            depth += 1
            out.append("…")
        elif letter == "}":
            depth -= 1
        elif depth == 0:
            out.append(letter)
    return "".join(out)


def table_rows(findings: GeoDataFrame, lang: str = "zh") -> pd.DataFrame:
    """Return findings as a plain table: the sentence first, the place as longitude, latitude."""
    table = pd.DataFrame(findings.drop(columns="geometry"))
    table.insert(2, "sentence", describe(findings, lang))
    where = _points(findings)
    return table.assign(longitude=where[:, 0], latitude=where[:, 1])


def _points(findings: GeoDataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A point on each finding's place, in degrees with 6 digits; NaN where there is no place."""
    shapes = findings.geometry.to_numpy()
    points = shapely.point_on_surface(shapes)
    found = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    return np.round(found, 6)


def findings_json(
    findings: GeoDataFrame,
    *,
    zone: str,
    as_of: date,
    waived: pd.DataFrame | None = None,
    compared: pd.DataFrame | None = None,
    not_checked: pd.DataFrame | None = None,
    asked: Question | None = None,
    left_out: Sequence[Text] = (),
) -> str:
    """Return findings as JSON text: sentences in both languages, places, counts by severity.

    What the rules could not judge (:func:`zgcgis.checks.not_checked`), what was asked and what a
    comparison left out stand under keys of their own.
    """
    table = table_rows(findings, "zh").rename(columns={"sentence": "zh"})
    table.insert(3, "en", describe(findings, "en"))
    counts = findings["severity"].value_counts()
    data: dict[str, Any] = {
        "zone": zone,
        "as_of": as_of.isoformat(),
        **({"asked": asked.as_data()} if asked is not None else {}),
        "count": {name: int(counts.get(name, 0)) for name in SEVERITIES},
        "findings": _records(table),
    }
    if waived is not None:
        data["waived"] = _records(pd.DataFrame(waived.drop(columns="geometry", errors="ignore")))
    if compared is not None:
        data["changes"] = _records(compared)
        data["left_out"] = [one._asdict() for one in left_out]
    if not_checked is not None:
        data["not_checked"] = _records(not_checked)
    return json_text(data) + "\n"


def coverage_rows(not_checked: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return what was not checked for a sheet: the rules, the cause in words, how much land."""
    lines = [
        line.split(Text("：", ": ").say(lang), 1) for line in coverage_lines(not_checked, lang)
    ]
    return pd.DataFrame(lines, columns=["rule", "detail"])


def shown(value: Any, lang: str = "zh") -> str:
    """Return a value as a page shows it."""
    plain = _plain(value)
    if isinstance(plain, bool):
        return YES_NO[plain].say(lang)
    if isinstance(plain, float):
        return f"{0.0 if abs(plain) < 0.005 else plain:,.2f}"  # no nought with a sign
    return "" if plain is None else str(plain)


YES_NO = (Text("否", "no"), Text("是", "yes"))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    """A value as JSON and Excel know it; nothing where nothing is known."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime | date):
        return value.date().isoformat() if isinstance(value, datetime) else value.isoformat()
    return value


def write_json(path: str | Path, text: str) -> Path:
    """Write JSON text, whole or not at all."""
    return write_text_whole(Path(path), text)


def write_workbook(
    path: str | Path,
    sheets: Sequence[tuple[str, pd.DataFrame]],
    *,
    lang: str = "zh",
    title: str = "",
    remark: str = "",
) -> Path:
    """Write tables as the sheets of one workbook; the same tables give the same bytes.

    A text never becomes a formula, whatever it begins with.
    """
    return write_book_of(
        path, lambda: workbook_bytes(path, sheets, lang=lang, title=title, remark=remark)
    )


def workbook_bytes(
    path: str | Path,
    sheets: Sequence[tuple[str, pd.DataFrame]],
    *,
    lang: str = "zh",
    title: str = "",
    remark: str = "",
) -> bytes:
    """Return what :func:`write_workbook` writes; `path` is where it shall stand."""
    for _, table in sheets:
        refuse_too_large(path, len(table) + 1, table.shape[1])

    def fill(book: Book) -> None:
        for name, table in sheets:
            _fill_sheet(book.sheet(name), table, lang)

    return book_bytes(fill, title=title, remark=remark, near=Path(path).parent)


_HEAD = Look(bold=True, fill="E7EBF0", wrap=True, upright="top")
_TEXT_ON_LINES = Look(wrap=True, upright="top")
_FRACTION, _WHOLE = (
    Look(number="#,##0.00_ "),
    Look(number="0_ "),
)  # with room before a text beside it
_OF_COLUMN = {
    "x_m": Look(number="0.000"),
    "y_m": Look(number="0.000"),
    "longitude": Look(number="0.000000"),
    "latitude": Look(number="0.000000"),
    "area_ha": Look(number="#,##0.0000"),
}


def _fill_sheet(sheet: Sheet, table: pd.DataFrame, lang: str) -> None:
    """Write a table into a sheet: heads, values, the colour of the severity, widths."""
    heads = [heading(str(column), lang) for column in table.columns]
    columns = [list(table[column]) for column in table.columns]
    widths = [_width(head, c[:200]) for head, c in zip(heads, columns, strict=True)]
    sheet.widths(widths)
    lines = max(
        (math.ceil(text_width(h) / (w - 1)) for h, w in zip(heads, widths, strict=True)), default=1
    )
    if lines > 1:
        sheet.height(1, 15.0 * lines)
    for c, head in enumerate(heads, start=1):
        sheet.put(1, c, head, _HEAD)
    marked = list(table.columns).index("severity") if "severity" in table else None
    looks = [_OF_COLUMN.get(str(column), _FRACTION) for column in table.columns]
    for row, values in enumerate(zip(*columns, strict=True), start=2):
        colour = "" if marked is None else _FILL.get(str(values[marked]), "")
        for c, value in enumerate(values):
            if c == marked and str(value) in SEVERITY_NAMES:
                value = SEVERITY_NAMES[str(value)].say(lang)
            _fill_cell(sheet, (row, c + 1), value, lang, colour if c == 0 else "", looks[c])
    sheet.window(frozen="A2", filtered=(len(table) + 1, len(heads)) if len(table) else None)
    pages = 1 if sum(widths) <= _LETTERS_PRESSED else math.ceil(sum(widths) / _LETTERS_ACROSS)
    names = "A:B" if len(heads) > 2 and table.iloc[:, 0].duplicated().any() else "A:A"
    sheet.paper(head=1, footer="&A  &P / &N", pages_wide=pages, names=names, edge_in=0.5)


_LETTERS_ACROSS = 130  # of a lying A4 page as they are; the rest goes to a next
_LETTERS_PRESSED = 180  # of one page, pressed to eight points, rather than cut in two


def _width(head: str, values: Sequence[Any]) -> float:
    """Width of a column in letters: of what it holds, and of its head as far as it goes."""
    width = max([text_width(_shown_cell(v)) for v in values] + [6])
    return min(max(width, min(text_width(head), 12)) + 2, 50)


_FOLDED = 46  # a longer text is set on several lines


def _shown_cell(value: Any) -> str:
    return shown(value) if isinstance(value, float) else str(value)


def _fill_cell(
    sheet: Sheet, at: tuple[int, int], value: Any, lang: str, colour: str, number: Look
) -> None:
    """Write one value where it is known: most cells of a large sheet are empty."""
    plain = value if type(value) is str else plain_value(_plain(value))
    if isinstance(plain, bool):
        plain = Text("是" if plain else "", "yes" if plain else "").say(lang)
    look = PLAIN
    if isinstance(plain, str) and 2 * len(plain) > _FOLDED and text_width(plain) > _FOLDED:
        look = _TEXT_ON_LINES
    elif isinstance(plain, float):
        look = number
    elif isinstance(plain, int):
        look = _WHOLE
    if plain is not None or colour:
        sheet.put(*at, plain, replace(look, fill=colour) if colour else look)


def records_json(data: Mapping[str, Any]) -> str:
    """Return a mapping whose values may be tables as JSON text."""
    plain = {
        key: _records(pd.DataFrame(value)) if isinstance(value, pd.DataFrame) else _plain(value)
        for key, value in data.items()
    }
    return json_text(plain) + "\n"


def plain_dates(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without geometry whose dates are texts ``2023-12-31``."""
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore")).copy()
    for name in plain.columns:
        if pd.api.types.is_datetime64_any_dtype(plain[name].dtype):
            plain[name] = plain[name].dt.strftime("%Y-%m-%d")
    return plain


def write_findings_gpkg(
    path: str | Path,
    standing: GeoDataFrame,
    waived: GeoDataFrame | None = None,
    *,
    asked: Question | None = None,
) -> Path:
    """Write findings as a GeoPackage layer of the file's name, coloured by severity in QGIS.

    Sentences in both languages stand beside the columns; ``waived`` says who let a finding stand,
    why and until when, and is empty where nobody did.
    """
    from ...io.layers import write_layer

    parts = [standing.assign(waived="")]
    if waived is not None and len(waived):
        words = [
            f"{who}；{why}；{until}"
            for who, why, until in zip(waived["who"], waived["why"], waived["until"], strict=True)
        ]
        parts.append(waived.drop(columns=["who", "why", "until"]).assign(waived=words))
    table = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    layer = GeoDataFrame(table, geometry="geometry", crs=standing.crs)
    layer.insert(2, "zh", describe(layer, "zh"))
    layer.insert(3, "en", describe(layer, "en"))
    for name in ("other", "detail", "unit", "clause", "zh", "en", "feature", "level"):
        layer[name] = [None if value is None else str(value) for value in layer[name]]
    table = {} if asked is None else {_ASKED: [json_text(asked.as_data())]}
    return write_layer(layer, Path(path), tables=table)


_ASKED = "asked"
"""The table of a GeoPackage, and the key of a JSON, that hold what a check was asked."""


def read_findings(path: str | Path) -> tuple[pd.DataFrame, Question | None]:
    """Read an earlier check from its GeoPackage or JSON: what stood then, and what was asked.

    The guarded child reads a GeoPackage, tables only: a view that never ends is not looked at.
    """
    file = Path(path)
    if file.suffix.lower() == ".json":
        return _read_json(file)
    wanted = [name for name in COLUMNS if name != "geometry"]
    tables = read_outside_tables(file)
    table = next(
        (one for one in tables.values() if set(wanted) <= set(one.columns)),
        next(iter(tables.values())),
    )
    if lacking := set(wanted) - set(table.columns):
        raise MissingColumnsError(lacking, list(table.columns), where=str(path))
    if "waived" in table:
        table = table[table["waived"].isna() | (table["waived"] == "")]
    table = table[[*wanted, *(["park"] if "park" in table else [])]].reset_index(drop=True)
    asked = None
    if _ASKED in tables and len(tables[_ASKED]) and "value" in tables[_ASKED]:
        asked = _question(str(tables[_ASKED]["value"].iloc[0]), str(file))
    return table.astype("object").where(table.notna(), None), asked


def is_part(path: Path) -> bool:
    """Whether a result of a check says that it was kept to some rules, parks or severities."""
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        return workbook_remark(path) == PART
    if suffix == ".html":
        with path.open("rb") as page:
            return PART.encode() in page.read(1 << 12)
    try:
        question = read_findings(path)[1]
    except ZgcgisError:
        return False
    return question is not None and question.partial


PART = "zgcgis check: part"
"""The mark in a workbook or page of a check that was kept to a part."""


def _question(text: str, where: str) -> Question:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    return Question.of_data(data, where)


def _read_json(file: Path) -> tuple[pd.DataFrame, Question | None]:
    data = read_outside_json(file)
    columns = [name for name in COLUMNS if name != "geometry"]
    try:
        rows = list(data["findings"])
        table = pd.DataFrame(rows, columns=[*columns, "park"])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ReadError(
            f"{file} 不是 zgcgis check 的 findings.json：{error}。",
            f"{file} is no findings.json of zgcgis check: {error}.",
        ) from error
    if not any("park" in row for row in rows):
        table = table.drop(columns="park")
    return table, Question.of_data(data[_ASKED], str(file)) if _ASKED in data else None
