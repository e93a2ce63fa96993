"""CSV for people and JSON for machines (数据表)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from ..assessment import Assessment
from ..findings import describe
from ..indicators import INDICATORS
from ..io import spreadsheets
from ..io.writing import write_parts_whole
from ..language.safe_text import json_parts
from ..language.terms import TERMS
from ..standards import POTENTIALS
from .workbook import heads_of, method_lines, pieces_listed

__all__ = ["SCHEMA_ID", "as_data", "schema", "write_csv", "write_json"]

SCHEMA_ID = "zgcgis-assessment-1"


def schema() -> dict[str, Any]:
    """JSON schema of what :func:`write_json` writes."""
    path = files("zgcgis").joinpath("resources/assessment.schema.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _plain(value: Any) -> Any:
    if type(value) is str or type(value) is int:
        return value
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if hasattr(value, "item"):
        return _plain(value.item())
    return value if isinstance(value, bool | int | float) else str(value)


def _records(frame: DataFrame) -> list[dict[str, Any]]:
    table = frame.reset_index() if frame.index.names != [None] else frame
    names = [str(name) for name in table.columns]
    columns = [[_plain(value) for value in table.iloc[:, k].tolist()] for k in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def as_data(result: Assessment) -> dict[str, Any]:
    """Return the assessment as plain data, as the schema describes it."""
    f = result.findings
    evaluation = result.evaluation
    return {
        "schema": SCHEMA_ID,
        "zone": {
            "id": result.zone.id,
            "zh": result.zone.names["zh"],
            "en": result.zone.names["en"],
        },
        "synthetic": result.zone.synthetic,
        "years": list(result.years),
        "standard": evaluation.standard.id if evaluation else None,
        "accounts": _records(result.accounts),
        "values": _records(result.values),
        "total_accounts": _records(result.total_accounts),
        "total_values": _records(result.total_values),
        "scores": _records(result.ranks),
        "total_scores": _records(result.total_scores.total) if result.total_scores else [],
        "parts": _records(result.scores.parts) if result.scores else [],
        "rank_changes": _records(result.changes),
        "potentials": _records(result.potentials),
        "parcel_potentials": _records(result.parcel_potentials),
        "robustness": _robustness(result),
        "attribution": _records(result.attribution),
        "cross": [
            {"kind": kind, "year": c.year, **row}
            for kind, c in result.cross.items()
            for row in _records(c.ranks)
        ],
        "coordination": _records(result.coordination),
        "efficiency": _records(result.efficiency),
        "productivity": _records(result.productivity),
        "consumption": _records(result.consumption),
        "growth": _records(result.growth),
        "shares": _records(result.shares),
        "benchmarks": _records(result.benchmarks),
        "goals": _records(result.goals),
        "findings": [
            {**row, "zh": zh, "en": en}
            for row, zh, en in zip(
                _records(pd.DataFrame(f.drop(columns="geometry"))),
                describe(f, "zh"),
                describe(f, "en"),
                strict=True,
            )
        ],
        "method": [{"zh": zh, "en": en} for zh, en in method_lines(result)],
        "left_out": [{"zh": zh, "en": en} for zh, en in result.left_out],
    }


def _robustness(result: Assessment) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "year": s.year,
            "draws": s.draws,
            "error": s.error,
            "unit": str(unit),
            "score": float(s.scores.at[unit, "score"]),
            "low": float(s.scores.at[unit, "low"]),
            "high": float(s.scores.at[unit, "high"]),
            "rank_share": [float(v) for v in s.share.loc[unit]],
        }
        for kind, s in result.robustness.items()
        for unit in s.share.index
    ]


def write_json(result: Assessment, path: str | Path) -> Path:
    """Write the whole assessment as JSON; :func:`schema` describes it."""
    parts = chain(json_parts(as_data(result)), ["\n"])
    return write_parts_whole(path, (part.encode("utf-8") for part in parts))


def _wide(
    path: Path, table: DataFrame, names: Mapping[str, tuple[str, str]], result: Assessment
) -> Path:
    """Write a table of unit and year with three heads: Chinese, English, key."""
    keys = [str(c) for c in table.columns]
    heads = [
        ["单元", "名称", "年份", *(names.get(k, (k, k))[0] for k in keys)],
        ["unit", "name", "year", *(names.get(k, (k, k))[1] for k in keys)],
        ["unit", "name", "year", *keys],
    ]
    called = _called(result, (unit for unit, _ in table.index))
    rows = (
        [unit, called[unit], year, *values]
        for (unit, year), values in zip(table.index, table.to_numpy(dtype=object), strict=True)
    )
    return spreadsheets.write_csv(path, [*heads, *rows])


def write_csv(result: Assessment, folder: str | Path) -> list[Path]:
    """Write accounts, indicators, scores, potentials and findings as CSV that Excel opens.

    UTF-8 with a byte order mark; text that begins like a formula is put behind an apostrophe.
    """
    place = Path(folder)
    terms = {k: (f"{t.zh}（{t.unit}）", t.en) for k, t in TERMS.items()}
    inds = {k: (f"{i.zh}（{i.unit}）", i.en) for k, i in INDICATORS.items()}
    made = [
        _wide(
            place / "accounts.csv",
            pd.concat([result.accounts, result.total_accounts]),
            terms,
            result,
        ),
        _wide(
            place / "indicators.csv", pd.concat([result.values, result.total_values]), inds, result
        ),
    ]
    if result.scores is not None:
        scores = result.ranks.astype(object)
        named = {
            "kind": ("类型", "type"),
            "area": ("分区", "area"),
            "score": ("分值", "score"),
            "coverage": ("覆盖率", "coverage"),
            "rank": ("名次", "rank"),
            "of": ("同类数", "of"),
        }
        made.append(_wide(place / "scores.csv", scores, named, result))
    made += _potentials(result, place)
    f = result.findings.reset_index(drop=True)
    listed = zip(
        f["rule"], f["severity"], f["feature"], describe(f, "zh"), describe(f, "en"), strict=True
    )
    heads = [["规则", "等级", "对象", "问题", "finding"]]
    made.append(spreadsheets.write_csv(place / "findings.csv", [*heads, *listed]))
    return [*made, *_pieces(result, place)]


def _called(result: Assessment, units: Iterable[Any]) -> dict[Any, str]:
    """Name each unit, once."""
    return {unit: result.name(str(unit)) for unit in set(units)}


def _potentials(result: Assessment, place: Path) -> list[Path]:
    """Write the potentials of parks and of parcels, where there are any."""
    made = []
    p, q = result.potentials, result.parcel_potentials
    called = _called(result, [*p.get("unit", ()), *q.get("park", ())])
    if len(p):
        rows = DataFrame({"unit": p["unit"], "name": [called[unit] for unit in p["unit"]]})
        rows["year"] = p["year"]
        rows = rows.assign(**_items(p["item"]), value=p["value"])
        rows["of"] = p["item"].map({key: entry.unit for key, entry in POTENTIALS.items()})
        heads = [["单元", "名称", "年份", "项目", "item", "key", "数值", "单位"]]
        made.append(spreadsheets.write_csv(place / "potentials.csv", heads, rows))
    if len(q):
        largest = DataFrame({"park": [called[park] for park in q["park"]], "unit": q["unit"]})
        largest["year"] = q["year"]
        largest = largest.assign(**_items(q["item"]), value=q["value"])
        heads = [["园区", "宗地", "年份", "项目", "item", "key", "面积 m2"]]
        made.append(spreadsheets.write_csv(place / "parcel_potentials.csv", heads, largest))
    return made


def _items(item: pd.Series) -> dict[str, pd.Series]:
    """Name the items of potentials in both languages, beside their keys."""
    zh, en = (
        {key: getattr(entry, lang) for key, entry in POTENTIALS.items()} for lang in ("zh", "en")
    )
    return {"zh": item.map(zh), "en": item.map(en), "key": item}


def _pieces(result: Assessment, place: Path) -> list[Path]:
    """Write the parcels and buildings that are too many for the workbook."""
    made = []
    for name, table in pieces_listed(result):
        heads = heads_of(name.removesuffix("s.csv"), table)
        named = table.assign(name=table["unit"].map(_called(result, table["unit"])))
        tops = [[getattr(head, side) for head in heads] for side in ("zh", "en", "key")]
        rows = named[[head.key for head in heads]]
        made.append(spreadsheets.write_csv(place / name, tops, rows))
    return made
