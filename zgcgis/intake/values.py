"""Values of foreign tables in the types and units of their columns.

Codes are text, whatever they came as; numbers are numbers, in
the unit that stands in the column's name; what cannot be told is asked.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..model import COLUMNS, LEVELS
from ..plan import land_use
from .columns import family_of_unit, plain_name, resource, scale_of, units_by_name
from .encoding import without_invisible
from .layer import Columns, Layer, Options
from .log import Log
from .texts import CODE_NAMES, MOST_ROWS, NOTHING, NUMBER, dates_of, repetitive, whole_codes

__all__ = ["convert"]

_RESERVED = {"geometry", "bbox", "fid", "ogc_fid", "rowid", "index", "level_0"}
_LONGEST_NOTHING = max(map(len, NOTHING)) + 2  # with a blank at either end
_WITH_UNIT = re.compile(r"^([+-]?[\d,.]+)\s*([^\d\s.,]+.*)$")
_MOST = {"planned_far", "planned_coverage_pct", "planned_height_m"}
_LEAST = {"planned_green_pct"}
_NUMBER = r"\d{1,6}(?:\.\d{1,6})?"
_SOME = rf"({_NUMBER})"
_RANGE = rf"^{_SOME}(?:-|~|～|—|–|至|到){_SOME}$"
_AT_MOST = rf"^(?:≤|<=|<|＜|不大于|不超过|不高于){_SOME}$"
_MOST_AFTER = rf"^{_SOME}(?:以下|及以下|以内)$"
_AT_LEAST = rf"^(?:≥|>=|>|＞|不小于|不低于){_SOME}$"
_LEAST_AFTER = rf"^{_SOME}(?:以上|及以上)$"
_SAME_IN_CELLS = {"_pct": r"%", "_height_m": r"m|米", "_persons": r"人|名", "storeys": r"层|f", "storeys_below": r"层",
                  "built_year": r"年"}  # fmt: skip
_HOW = {
    "codes": "代码 the codes",
    "names": "类名 the names beside them",
    "stated": "图层所述 what the layer states",
    "told": "--system",
}
_CLASS_NAMES = {
    "land_use": ("dlmc", "地类名称", "用地名称", "ytmc", "用途名称", "ydyhflmc", "zh"),
    "planned_use": ("规划用途名称", "规划用地名称", "ghytmc", "ydyhflmc"),
}
_OF_SHAPES = {"registered_area_m2", "stated_area_m2"}


def convert(layer: Layer, options: Options) -> Layer:
    """Stage *values*: the columns of the level in their types and units, and those it has not.

    Codes become text, numbers numbers, dates dates; nothing turns into emptiness unsaid.
    """
    log = layer.log.fresh()
    values, units = _converted(
        layer.values,
        layer.matched,
        options.scale,
        log,
        written=layer.table,
        stated=layer.source.units,
        shared=options.shared,
    )
    values = _joined_ids(values, layer.matched)
    if layer.schema is not None and layer.schema.kind and "kind" not in values:
        values = values.assign(kind=layer.schema.kind)
    if "land_use_system" in LEVELS[layer.level].columns:
        values = _codes_by_name(values, layer, options, log)
    held = [c for c in ("land_use", "planned_use") if c in values and values[c].notna().any()]
    codes = {c: land_use.system_fits(values[c])["known"].round(4).to_dict() for c in held}
    systems: dict[str, str] = {}
    if held and "land_use_system" in LEVELS[layer.level].columns:
        values, systems = _with_system(values, held[0], layer, options, log)
    return layer.after(log, values=values, units=units, codes=codes, systems=systems)


def _codes_by_name(values: pd.DataFrame, layer: Layer, options: Options, log: Log) -> pd.DataFrame:
    """Give codes to classes of land use that are told by their names alone."""
    held = values["land_use"] if "land_use" in values else pd.Series(dtype="str")
    named = bool(held.notna().any())
    if named and not held.dropna().astype("str").str.match(r"^[\u4e00-\u9fff（）()、/]+$").all():
        return values
    names = held if named else _names_of_classes(values, "land_use")
    if names is None or names.notna().sum() == 0:
        return values
    stated = options.system or _stated_system(values, layer) or layer.zone_system
    codes, told = land_use.codes_of_names(names, stated)
    source = str(names.name) if not named else layer.matched.sources.get("land_use", "land_use")
    if not told.system:
        if told.possible:
            log.add("R546", None, other=source, detail="、".join(told.possible))
        return values
    unknown = int((names.notna() & codes.isna()).sum())
    log.add("R573", None, other=source, measured=int(codes.notna().sum()), limit=unknown, detail=told.system)  # fmt: skip
    made = {"land_use": codes, "land_use_system": pd.Series(told.system, values.index, dtype="str").where(codes.notna())}  # fmt: skip
    kept = {f"{source}_原名": names} if named and f"{source}_原名" not in values else {}
    return values.assign(**made, **kept)


def _joined_ids(values: pd.DataFrame, matched: Columns) -> pd.DataFrame:
    """Join ids to what they are unique within: the parcel of a building, the block of a plot."""
    within = matched.of.get(matched.within or "")
    if within is None:
        return values
    own = values["id"]
    parent = values[within].astype("object").fillna("").astype("str")
    begun = [isinstance(a, str) and a.startswith(b) for a, b in zip(own, parent, strict=True)]
    return values.assign(id=own.where(begun, parent + "-" + own))


def _with_system(
    values: pd.DataFrame, column: str, layer: Layer, options: Options, log: Log
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Say in which classification the land-use codes are, by what; ask where nothing tells it.

    Codes with letters and codes of digits in one column are told each for itself.
    """
    source = layer.matched.sources.get(column, column)
    codes = values[column].astype("str")
    names = _names_of_classes(values, column)
    stated = options.system or _stated_system(values, layer)
    told = land_use.tell_system(codes, names, stated)
    groups = [(codes.notna(), told)]
    letters = codes.str.match("[A-Z]", na=False)
    if not told.possible and letters.any() and not letters[codes.notna()].all():
        parts = (letters, ~letters & codes.notna())
        groups = [(rows, land_use.tell_system(codes[rows])) for rows in parts]
    if options.system is not None:
        groups = [(codes.notna(), land_use.ToldSystem(options.system, "told", (options.system,)))]
    system = pd.Series(None, index=values.index, dtype="str")
    by: dict[str, str] = {}
    for rows, one in groups:
        possible = "、".join(one.possible)
        if one.contradicted:
            log.stop("R545", other=stated, detail=f"{source}: {possible or '—'}")
        elif not one.system and possible and layer.zone_system not in one.possible:
            log.add("R546", None, other=source, detail=possible)
        elif one.system and layer.zone_system not in {"", one.system}:
            log.add("R544", None, other=one.system, detail=f"{source}: {_HOW[one.by]}")
        if one.system:
            by[one.system] = one.by
            system = system.mask(rows, one.system)
    if by and ("land_use_system" not in values or options.system is not None):
        values = values.assign(land_use_system=system.astype("str"))
    return values, by


def _stated_system(values: pd.DataFrame, layer: Layer) -> str:
    """Return the classification that the layer itself says, else its schema."""
    if "land_use_system" in values:
        said = values["land_use_system"].dropna().unique()
        if len(said) == 1:
            return str(said[0])
    return layer.schema.system if layer.schema is not None else ""


def _names_of_classes(values: pd.DataFrame, column: str) -> pd.Series | None:
    """Return the names of classes that stand beside the codes, if a column holds some."""
    plain = {plain_name(str(name)): name for name in values.columns}
    return next((values[plain[key]] for key in _CLASS_NAMES[column] if key in plain), None)


def _converted(
    frame: pd.DataFrame,
    columns: Columns,
    scale: Mapping[str, str],
    log: Log,
    *,
    written: bool,
    stated: tuple[str, ...] = (),
    shared: bool = False,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the table in the columns of the level, and the units taken.

    Units `stated` above a table hold for columns that name none.

    In a `written` table every number is text, and only odd spellings are worth a word.
    """
    made: dict[str, Any] = {}
    units: dict[str, str] = {}
    _scales_fit(frame, columns, scale, log, shared=shared)
    for odd, meant in columns.odd_unit.items():
        log.add("R534", None, other=odd, detail=meant)
    for source in frame.columns:
        column = columns.of.get(source)
        series = frame[source]
        if column is None and series.isna().all():
            continue  # an empty column that nothing knows says nothing
        if column is None:
            name = _free_name(str(source), made, columns, log)
            made[name] = _kept(series, str(source), log)
            continue
        kind = COLUMNS[column].type if column in COLUMNS else "text"
        if kind == "text":
            values: Any = _text(series, str(source), column, log)
        elif kind in {"float", "int"}:
            series = _bounds(series, column, str(source), log)
            unit = scale.get(str(source)) or scale.get(column) or columns.unit.get(str(source))
            named = plain_name(source) == plain_name(column)
            above = None if unit or named else _unit_for(column, stated)
            unit = unit or above
            series, own = _own_units(series, column, unit, str(source), log)
            unit = own or unit
            values = _numbers(series, str(source), log, written=written)
            factor = scale_of(column, unit) if unit else None
            if factor is not None and unit is not None:
                values = values * factor
                units[column] = unit
                if above is not None:
                    log.add("R556", None, other=str(source), detail=above)
                elif own is None and str(source) not in scale and column not in scale:
                    log.add("R524", None, other=str(source), detail=f"{unit} × {factor:g}")
            elif column.endswith("_wan") and not (
                named or column.startswith(str(source).casefold())
            ):
                sample = values.dropna()
                if len(sample):
                    log.stop("R531", other=str(source), detail=f"{sample.iloc[0]:,.15g}")
            if column in _OF_SHAPES and len(values) > 1 and (values == 0).all():
                log.add("R528", None, other=str(source), measured=len(values))
                values = values.mask(values == 0)  # a column made and never filled
            values = _percents(values, column, str(source), log)
            _limits(values, column, str(source), log)
            if kind == "int":
                values = values.round().astype("Int64")
        elif kind == "date":
            values, (place, unread) = dates_of(series, str(source), log)
            _name_odd(series, place, unread, "R521", str(source), log)
        else:
            values = _truth(series, str(source), log)
        made[column] = values
    result = pd.DataFrame(made, index=frame.index, copy=False)
    for column in result.columns:
        if column in COLUMNS and COLUMNS[column].values:
            result[column] = _listed(result[column], column, log)
    _two_groups(result, log)
    return result, units


def _unit_for(column: str, stated: tuple[str, ...]) -> str | None:
    """Return the one of some units that a column can be in, None without one."""
    fit = [unit for unit in stated if scale_of(column, unit) is not None]
    return fit[0] if len(fit) == 1 else None


def _bounds(series: pd.Series, column: str, source: str, log: Log) -> pd.Series:
    """Return what a plan allows at most, or asks for at least, where it says so in words.

    A range (1.0-2.5), a bound (≤2.5, 1.5以下), and either with the unit of the column (60m, 40%).
    """
    if not isinstance(series.dtype, pd.StringDtype) and not pd.api.types.is_object_dtype(series):
        return series
    text = series.astype("str")
    unit = next((u for end, u in _SAME_IN_CELLS.items() if column.endswith(end)), None)
    if unit is None and column not in _MOST | _LEAST:
        return series
    plain = text.map(_narrow, na_action="ignore").astype("str")
    if unit is not None:
        bare = plain.str.replace(rf"(?<=\d)(?:{unit})(?=\D|$)", "", regex=True, case=False)
        text, plain = text.where(bare == plain, bare), bare
    if column not in _MOST | _LEAST:
        return text
    low = plain.str.extract(_AT_LEAST)[0].fillna(plain.str.extract(_LEAST_AFTER)[0])
    high = plain.str.extract(_AT_MOST)[0].fillna(plain.str.extract(_MOST_AFTER)[0])
    ranges = plain.str.extract(_RANGE)
    wanted, other = (high, low) if column in _MOST else (low, high)
    wanted = wanted.fillna(ranges[1 if column in _MOST else 0])
    rules = ("R547", "R548") if column in _MOST else ("R568", "R569")
    for rule, rows in zip(rules, (wanted.notna(), other.notna()), strict=True):
        if rows.any():
            sample = str(series[rows].iloc[0])[:40]
            log.add(rule, None, other=source, measured=int(rows.sum()), detail=sample)
    return text.where(wanted.isna(), wanted).where(other.isna(), None)


def _own_units(
    series: pd.Series, column: str, unit: str | None, source: str, log: Log
) -> tuple[pd.Series, str | None]:
    """Return numbers in the unit of the column where values bear units of their own, and that unit.

    Every value has to have a unit: its own, or the one that is told of the column.
    """
    family = family_of_unit(column)
    text = pd.api.types.is_object_dtype(series) or isinstance(series.dtype, pd.StringDtype)
    if family is None or not text:
        return series, None
    plain = series.astype("str").map(_narrow, na_action="ignore").astype("str")
    parts = plain.str.extract(_WITH_UNIT)
    factors = (
        parts[1].map(lambda word: scale_of(column, word), na_action="ignore").astype("float64")
    )
    bare = plain.str.match(NUMBER) & plain.str.contains(r"\d", regex=True)
    if factors.isna().all() or (bare.fillna(value=False).any() and unit is None):
        return series, None
    told = (scale_of(column, unit) if unit is not None else None) or 1.0
    numbers = parts[0].where(factors.notna(), plain.where(bare.fillna(value=False)))
    valid = numbers.str.match(NUMBER).fillna(value=False)
    values = pd.to_numeric(numbers.where(valid).str.replace(",", "")) * factors.fillna(told)
    sample = str(series[factors.notna()].iloc[0])[:30]
    log.add("R587", None, other=source, measured=int(factors.notna().sum()), detail=sample)
    base = {"area": "m2", "money": "wan"}[family]
    return series.where(values.isna(), values.map(repr).where(values.notna())), base


def _percents(values: pd.Series, column: str, source: str, log: Log) -> pd.Series:
    """Return percents, where a whole column is written in parts of one; 0 of a limit is none."""
    if column in _MOST - {"planned_far"} and (values == 0).any():
        log.add("R528", None, other=source, measured=int((values == 0).sum()))
        values = values.mask(values == 0)
    if column.endswith("_pct") and (values > 0).any() and (values.dropna() <= 1).all():
        log.add("R567", None, other=source, measured=float(values.max()))
        return values * 100
    return values


def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "")


def _scales_fit(
    frame: pd.DataFrame, columns: Columns, scale: Mapping[str, str], log: Log, *, shared: bool
) -> None:
    """See that what ``--scale`` says can be done: an option passed over would be taken as done."""
    names = set(map(str, frame.columns))
    for name, unit in scale.items():
        if name == "geometry":  # the coordinates, see the stage of shapes
            continue
        column = columns.of.get(name, name)
        if name not in names and name not in columns.of.values():
            if not shared:
                log.stop("R532", other=f"--scale {name}", detail="、".join(sorted(names))[:200])
        elif scale_of(column, unit) is None:
            log.stop("R533", other=name, detail=unit)


def _free_name(source: str, made: dict[str, Any], columns: Columns, log: Log) -> str:
    name = without_invisible(source).strip() or "column"
    held = {c.casefold() for c in made} | set(columns.of.values())
    if name.casefold() in _RESERVED or name.casefold() in held or name in COLUMNS:
        plain, number = name, 1
        while name.casefold() in held or name.casefold() in _RESERVED or name in COLUMNS:
            name = f"{plain}_{number}"
            number += 1
        if plain.casefold() not in {"fid", "ogc_fid"}:
            log.add("R520", None, detail=source, other=name)
    return name


def _kept(series: pd.Series, source: str, log: Log) -> pd.Series:
    if CODE_NAMES.search(source) and pd.api.types.is_float_dtype(series):
        _digits_lost(series, source, log)
    if pd.api.types.is_float_dtype(series):
        return _finite(series, source, log)
    return series


def _finite(series: pd.Series, source: str, log: Log) -> pd.Series:
    values = series.astype("float64")
    infinite = np.isinf(values)
    if infinite.any():
        log.add("R513", None, other=source, measured=int(infinite.sum()))
        values = values.mask(infinite)
    return values


def _digits_lost(series: pd.Series, source: str, log: Log) -> bool:
    values = series.dropna().astype("float64")
    big = values[(values.abs() >= 1e15) & np.isfinite(values)]
    if len(big):
        log.stop("R504", other=source, detail=f"{big.iloc[0]:.0f}")
        return True
    return False


_SCIENTIFIC = re.compile(r"^\d(\.\d+)?[eE]\+?\d{2,3}$")


def _text(series: pd.Series, source: str, column: str, log: Log) -> pd.Series:
    is_code = bool(CODE_NAMES.search(source)) or column.endswith(("id", "_code", "land_use")) or column in {
        "id", "land_use", "planned_use"}  # fmt: skip
    if pd.api.types.is_bool_dtype(series):
        return series.map({True: "true", False: "false"}).astype("str")
    if pd.api.types.is_numeric_dtype(series):
        if is_code:
            if pd.api.types.is_float_dtype(series) and _digits_lost(series, source, log):
                return series.astype("str")
            _zeros_lost(series, source, column, log)
            sample = series.dropna()
            if len(sample) and pd.api.types.is_float_dtype(series):
                log.add("R505", None, other=source, detail=_as_code(sample.iloc[0]))
        if pd.api.types.is_integer_dtype(series) and not series.isna().any():
            return series.astype("str")
        return pd.Series(
            [None if pd.isna(v) else _as_code(v) for v in series], index=series.index, dtype="str"
        )
    text = whole_codes(series.astype("str"), source, log) if is_code else series.astype("str")
    if is_code:
        _codes_spelt(text, source, column, log)
    if column == "id" or column.endswith("_id"):  # "无" is no name of a feature
        short = text[text.str.len() <= _LONGEST_NOTHING]
        nothing = short.index[short.str.strip().str.lower().isin(NOTHING - {""})]
        if len(nothing):
            log.add("R528", None, other=source, measured=len(nothing))
            text = text.copy()
            text[nothing] = None
    empty = text.str.len() == 0
    return text.mask(empty) if empty.any() else text


def _codes_spelt(text: pd.Series, source: str, column: str, log: Log) -> None:
    """Look at the spelling of codes: an exponent is a code lost, an odd number of digits a zero."""
    of_use = column in {"land_use", "planned_use"}
    array = pa.array(text, type=pa.string(), from_pandas=True)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if not of_use and pc.all(pc.ascii_is_decimal(array)).as_py():
        return
    counts = text.value_counts(sort=False) if of_use or repetitive(array) else None
    spelt = text.dropna() if counts is None else counts.index.to_series()
    bad = spelt[spelt.str.match(_SCIENTIFIC)]
    if len(bad):
        log.stop("R504", other=source, detail=str(bad.iloc[0]))
    if of_use and counts is not None:
        # National codes of digits alone have two, four or six of them.
        known = land_use.brought_codes() | _of_three_digits(counts)
        odd = counts[counts.index.str.match(r"^[1-9](\d\d)*$") & ~counts.index.isin(known)]
        if odd.sum() > 0.05 * counts.sum():
            log.stop("R515", other=source, detail=str(odd.index[0]))
        else:
            _codes_known(counts, source, log)


def _of_three_digits(counts: pd.Series) -> frozenset[str]:
    """Return the codes of the second survey, which have three digits, where those given are of it."""
    second = frozenset(map(str, land_use.codes_of_system("second_survey").index))
    return second if counts[counts.index.isin(second)].sum() >= 0.95 * counts.sum() else frozenset()


def _land_use_codes() -> tuple[str, ...]:
    return tuple(sorted(set(land_use.crosswalk().index.get_level_values("code"))))


def _codes_known(counts: pd.Series, source: str, log: Log) -> None:
    """Name land-use codes that no system has: land under them counts as nothing in particular."""
    strange = [
        value
        for value in counts.index
        if not (value.isalnum() and value.upper().startswith(_land_use_codes()))
    ]
    if strange:
        detail = "、".join(v[:20] for v in strange[:5])
        log.add("R541", None, other=source, measured=int(counts[strange].sum()), detail=detail)


def _as_code(value: Any) -> str:
    number = float(value)
    return str(int(value)) if number.is_integer() else repr(number)


def _zeros_lost(series: pd.Series, source: str, column: str, log: Log) -> None:
    values = series.dropna()
    if not len(values):
        return
    numbers = values.astype("float64")
    if column in {"land_use", "planned_use"}:
        # National land-use codes have two, four or six digits: an odd number means a lost zero.
        odd = numbers[(numbers >= 1) & (np.floor(np.log10(numbers.clip(lower=1))) % 2 == 0)]
        if len(odd):
            log.stop("R515", other=source, detail=_as_code(odd.iloc[0]))


def _numbers(series: pd.Series, source: str, log: Log, *, written: bool) -> pd.Series:
    if pd.api.types.is_bool_dtype(series):
        log.add("R516", None, other=source, detail="是、否按 1、0 读取 truths read as 1 and 0")
        return series.astype("Float64").astype("float64")
    if pd.api.types.is_numeric_dtype(series):
        return _finite(series.astype("Float64").astype("float64"), source, log)
    values = np.full(len(series), np.nan)
    parsed, nothing, units = 0, 0, None
    sample = ""
    for place, text in enumerate(series.to_numpy(dtype="object")):
        if not isinstance(text, str):
            empty = text is None or text is pd.NA or text is pd.NaT or text != text
            if not empty:  # a day, or what else is no number
                log.add("R508", place, other=source, detail=str(text)[:30])
            continue
        plain = unicodedata.normalize("NFKC", text).strip().replace("，", ",")
        if plain.casefold() in NOTHING:
            nothing += plain != ""
            continue
        if NUMBER.match(plain) and any(c.isdigit() for c in plain):
            number = float(plain.replace(",", ""))
            if math.isfinite(number):
                values[place] = number
                if not written or plain != text or "," in plain:
                    parsed += 1
                    sample = sample or text
                continue
        found = _WITH_UNIT.match(plain)
        if found and any(
            f"{f}:{plain_name(found[2])}" in units_by_name() for f in ("area", "money")
        ):
            units = units or text
            continue
        log.add("R508", place, other=source, detail=text[:30])
    if units is not None:
        log.stop("R507", other=source, detail=units[:30])
    if parsed:
        log.add("R506", None, other=source, measured=parsed, detail=sample[:30])
    if nothing:
        log.add("R528", None, other=source, measured=nothing)
    return pd.Series(values, index=series.index)


def _limits(values: pd.Series, column: str, source: str, log: Log) -> None:
    numbers = values.to_numpy(dtype="float64")
    limit = resource()["limits"].get(column)
    if limit is not None:
        least, most = limit.get("least", -math.inf), limit.get("most", math.inf)
        with np.errstate(invalid="ignore"):
            bad = np.flatnonzero((numbers < least) | (numbers > most))
        for row in bad.tolist()[:MOST_ROWS]:
            log.add("R512", row, other=source, measured=numbers[row], detail=f"{least}…{most}")
        if column in {"storeys", "storeys_below", "built_year", "year"}:
            with np.errstate(invalid="ignore"):
                broken = np.flatnonzero(np.isfinite(numbers) & (np.mod(numbers, 1) != 0))
            for row in broken.tolist()[:MOST_ROWS]:
                log.add("R512", row, other=source, measured=numbers[row], detail="整数 whole")
        return
    if column.endswith(("_m2", "_wan", "_persons", "_tce", "_pct", "_m")):
        with np.errstate(invalid="ignore"):
            bad = np.flatnonzero(numbers < 0)
        for row in bad.tolist()[:MOST_ROWS]:
            log.add("R511", row, other=source, measured=numbers[row])


def _name_odd(
    series: pd.Series, place: Any, odd: list[bool], rule: str, source: str, log: Log
) -> None:
    """Name the rows whose value is odd; `place` tells which of the distinct values each has."""
    for row in np.flatnonzero(np.array([*odd, False], dtype=bool)[place]).tolist():
        log.add(rule, row, other=source, detail=str(series.iloc[row])[:30])


def _truth(series: pd.Series, source: str, log: Log) -> pd.Series:
    words = {"true": True, "t": True, "1": True, "1.0": True, "yes": True, "y": True, "是": True,
             "有": True, "false": False, "f": False, "0": False, "0.0": False, "no": False,
             "n": False, "否": False, "无": False}  # fmt: skip
    place, values = pd.factorize(series)
    truths = [words.get(str(value).strip().casefold()) for value in values]
    _name_odd(series, place, [truth is None for truth in truths], "R523", source, log)
    known = pd.array([*(pd.NA if t is None else t for t in truths), pd.NA], dtype="boolean")
    return pd.Series(known.take(place), index=series.index)


def _listed(series: pd.Series, column: str, log: Log) -> pd.Series:
    allowed = set(COLUMNS[column].values)
    allowed |= set(land_use.systems()) if column == "land_use_system" else set()
    spelt = {
        plain_name(name): key
        for key, names in resource().get("spellings", {}).get(column, {}).items()
        for name in (key, *names)
    } | {plain_name(v): v for v in allowed}
    place, values = pd.factorize(series.astype("str"))
    keys = [spelt.get(plain_name(value)) for value in values]
    _name_odd(series, place, [key is None for key in keys], "R523", column, log)
    kept = [value if key is None else key for value, key in zip(values, keys, strict=True)]
    known = pd.array([*kept, None], dtype="str")
    return pd.Series(known.take(place), index=series.index)


def _two_groups(frame: pd.DataFrame, log: Log) -> None:
    """Report money columns whose values fall into two groups 10 000 apart (元 and 万元 mixed)."""
    for column in (c for c in frame.columns if str(c).endswith("_wan")):
        if not pd.api.types.is_float_dtype(frame[column]):
            continue
        values = frame[column].dropna()
        values = values[values > 0]
        if len(values) < 6:
            continue
        logs = np.sort(np.log10(values.to_numpy()))
        gaps = np.diff(logs)
        place = int(gaps.argmax())
        low, high = logs[: place + 1], logs[place + 1 :]
        apart = float(np.median(high) - np.median(low))
        fewer = min(len(low), len(high))  # one giant among small firms is no second group
        if gaps[place] > 1.5 and 3.3 <= apart <= 4.7 and fewer >= max(2, 0.05 * len(logs)):
            log.add(
                "R522", None, other=column,
                detail=f"{10 ** np.median(low):.3g} × {len(low)}、{10 ** np.median(high):.3g} × {len(high)}",
            )  # fmt: skip
