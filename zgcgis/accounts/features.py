"""What became of each feature of a layer between two states: by its id, and by its outline."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame, Series

from ..language.errors import ZoneError

__all__ = [
    "KINDS",
    "SAME_M",
    "carried_on",
    "changed_values",
    "compare_features",
    "on_bare_ground",
    "repointed",
    "standing",
    "year_of_data",
    "year_of_delivery",
]

KINDS = ("new", "changed", "renumbered", "retired", "unchanged")
SAME_M = 0.005
"""Two outlines nowhere farther apart than this are one: what rounding to a centimetre makes."""

_IN_NAME = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_OF_THE_FILE = {
    *("sjnf", "数据年份", "objectid", "fid", "shape_area", "shape_length", "shape_leng"),
    *("since", "until"),
}
"""Columns that differ from year to year without anything having changed on the ground."""


def compare_features(
    before: GeoDataFrame, after: GeoDataFrame, *, key: Sequence[str] = ("id",), renamed: bool = True
) -> DataFrame:
    """Return what became of each feature: by its id, and by its outline where ids changed.

    Parameters
    ----------
    before, after
        Two states of a layer, in degrees. Only columns that both have are compared.
    key
        The columns that name a feature.
    renamed
        Whether ids mean anything; if not, features are known by their outlines alone.

    Returns
    -------
    features
        ``id, was, kind, columns, redrawn, old, new``, a row for each feature of the two:
        ``kind`` is ``new``, ``changed``, ``renumbered``, ``retired`` or ``unchanged``; ``columns``
        are those whose values differ, ``redrawn`` says that the outline does; ``old`` and ``new``
        are positions in the two, -1 for none.
    """
    i, j = _the_same(before, after, list(key), renamed=renamed)
    redrawn = ~_alike_shapes(before.geometry.array[i], after.geometry.array[j])
    columns = _differing(before, after, i, j, skip={*key, "geometry"})
    was, now = _labels(before, key), _labels(after, key)
    kind = np.where(redrawn | (columns != ""), "changed", "unchanged").astype(object)
    if renamed:
        kind[was[i] != now[j]] = "renumbered"
    gone = np.setdiff1d(np.arange(len(before)), i)
    come = np.setdiff1d(np.arange(len(after)), j)
    none = np.zeros(len(gone) + len(come), bool)
    rows = DataFrame(
        {
            "id": np.r_[now[j], was[gone], now[come]],
            "was": np.r_[was[i], was[gone], np.full(len(come), "", object)],
            "kind": np.r_[kind, ["retired"] * len(gone), ["new"] * len(come)].astype(object),
            "columns": np.r_[columns, np.full(len(none), "", object)],
            "redrawn": np.r_[redrawn, none],
            "old": np.r_[i, gone, np.full(len(come), -1)].astype(np.intp),
            "new": np.r_[j, np.full(len(gone), -1), come].astype(np.intp),
        }
    )
    order = rows["kind"].map(KINDS.index)
    return rows.iloc[np.argsort(order.to_numpy(int), kind="stable")].reset_index(drop=True)


def carried_on(
    before: GeoDataFrame, after: GeoDataFrame, features: DataFrame, *, year: int | None
) -> DataFrame:
    """Return the rows that a layer has once a later state of it is known.

    Parameters
    ----------
    before, after
        The features that stood, and those of the later state.
    features
        What became of each, from :func:`compare_features`.
    year
        The year of the later state: what is new or changed begins in it, what it holds no more ends
        in it. Without one the layer keeps no years, and only the later state is left.

    Returns
    -------
    rows
        The two together. Columns that the later state does not have are carried on from the
        feature as it was; what changed again within the year stands once, as it is last.
    """
    kind = features["kind"].to_numpy()
    same = features[kind == "unchanged"]
    kept = DataFrame(before.iloc[same["old"]])
    came = features[features["new"].ge(0) & (kind != "unchanged")]
    made = DataFrame(after.iloc[came["new"]]).reset_index(drop=True)
    aside = {"since", "until"} if year is not None else set()
    for column in [c for c in before.columns if c not in made.columns and c not in aside]:
        held = before[column].reset_index(drop=True).reindex(came["old"])
        made[column] = held.array
    if year is None:
        return pd.concat([kept, made], ignore_index=True)
    since = made["since"].astype("Int64") if "since" in made else Series(pd.NA, made.index, "Int64")
    made["since"] = since.fillna(year)
    made["until"] = Series(pd.NA, made.index, "Int64")
    ended = DataFrame(
        before.iloc[features.loc[(kind != "unchanged") & features["old"].ge(0), "old"]]
    )
    began = (
        ended["since"].astype("Int64") if "since" in ended else Series(pd.NA, ended.index, "Int64")
    )
    ended = ended.assign(since=began, until=Series(year, ended.index, "Int64"))
    ended = ended[~(began >= year).fillna(value=False)]
    return pd.concat([kept, ended, made], ignore_index=True)


def year_of_data(layer: DataFrame) -> tuple[int, str] | None:
    """Return the year that a layer says its data are of, and the column that says so."""
    for column in layer.columns:
        if str(column).casefold() not in {"sjnf", "数据年份", "年份", "year"}:
            continue
        held = layer[column].dropna().astype(str).str.extract(r"^\s*(\d{4})(?!\d)")[0]
        if held.nunique() == 1 and held.notna().all():
            return int(held.iloc[0]), str(column)
    return None


def standing(layer: GeoDataFrame, delivery: DataFrame, key: Sequence[str]) -> Series:
    """Return which features of a layer a new delivery speaks of.

    Those that have not ended; of features that are named by their year, those of its years; where
    both say one kind, those of that kind.
    """
    if "year" in key and "year" in delivery and "year" in layer:
        return Series(layer["year"].isin(delivery["year"].dropna().unique()))
    now = layer["until"].isna() if "until" in layer else Series(data=True, index=layer.index)
    if "kind" in layer and "kind" in delivery and delivery["kind"].nunique(dropna=False) == 1:
        now &= layer["kind"].isna() | (layer["kind"] == delivery["kind"].iloc[0])
    return Series(now)


def year_of_delivery(frame: DataFrame, path: str | Path, year: int | None) -> tuple[int, str]:
    """Return the year of a delivery, and what tells it: the user, its data, its name.

    Raises
    ------
    ZoneError
        If nothing does.
    """
    if year is not None:
        return year, "--year"
    if told := year_of_data(frame):
        return told
    for name in (Path(path).stem, Path(path).parent.name):
        if len(found := set(_IN_NAME.findall(name))) == 1:
            return int(found.pop()), name
    raise ZoneError(
        f"{path} 没有写明是哪一年的数据（SJNF 字段或文件名）。请加 --year，如 --year 2024。",
        f"{path} does not say of which year its data are (field SJNF, or its name). "
        "Give --year, such as --year 2024.",
    )


def on_bare_ground(gone: GeoDataFrame, frame: GeoDataFrame) -> int:
    """Count the features on whose ground a delivery has nothing."""
    places = shapely.point_on_surface(np.asarray(gone.geometry.array, object))
    placed = ~shapely.is_missing(places)
    held, _ = shapely.STRtree(np.asarray(frame.geometry.array, object)).query(
        places[placed], predicate="intersects"
    )
    return int(placed.sum()) - len(np.unique(held))


class Repointed(NamedTuple):
    """A layer with its references moved: how many were, one as ``was → id``; and those left."""

    layer: DataFrame
    moved: int
    sample: str
    left: int
    unsure: str


def repointed(
    features: DataFrame,
    shapes: NDArray[np.object_] | None,
    layer: GeoDataFrame,
    column: str,
    year: int,
    *,
    dated: bool,
) -> Repointed:
    """Let the rows of another layer name features by the ids that they were given anew.

    Parameters
    ----------
    features
        What became of each feature, from :func:`compare_features`: those renumbered are matched
        one to one by their outlines.
    shapes
        The outlines of the later state, by the positions in ``features.new``.
    layer, column
        The other layer, and its column of ids.
    year, dated
        The year in which the ids are new; whether rows of the layer begin and end in years: then
        the row ends there and another begins, so that both years name what they hold. Rows of an
        earlier ``year`` of their own stay.

    Returns
    -------
    layer
        The layer with its references moved. An id that another feature has now is moved only
        where the row lies on the ground of the one renumbered; else it is left.
    """
    given = features[features["kind"] == "renumbered"]
    taken = set(features.loc[~features["kind"].isin(["retired", "renumbered"]), "id"])
    taken |= set(given["id"])
    now = {str(was): (str(new), int(at)) for was, new, at in zip(given["was"], given["id"], given["new"], strict=True)}  # fmt: skip
    held = layer[column].astype("object").where(layer[column].notna(), "").astype(str)
    named = held.isin(list(now)).to_numpy(bool, copy=True)
    if "until" in layer:
        named &= layer["until"].isna().to_numpy(bool)
    if "year" in layer:
        named &= ~(layer["year"].astype("Int64") < year).fillna(value=False).to_numpy(bool)
    rows = np.flatnonzero(named).tolist()
    places = np.asarray(shapely.point_on_surface(np.asarray(layer.geometry.array, object)), object)
    sure = [
        row
        for row in rows
        if held.iloc[row] not in taken
        or (shapes is not None and places[row] is not None
            and shapely.intersects(shapes[now[held.iloc[row]][1]], places[row]))
    ]  # fmt: skip
    left = [row for row in rows if row not in set(sure)]
    made = DataFrame(layer).copy()
    words = [f"{held.iloc[row]} → {now[held.iloc[row]][0]}" for row in (*sure[:1], *left[:1])]
    sample, unsure = words[0] if sure else "", words[-1] if left else ""
    if sure:
        made = _with_ids(
            made, sure, [now[held.iloc[row]][0] for row in sure], column, year if dated else None
        )
    return Repointed(made, len(sure), sample, len(left), unsure)


def _with_ids(
    made: DataFrame, rows: list[int], ids: list[str], column: str, year: int | None
) -> DataFrame:
    """Write ids into rows of a layer; where it keeps years the rows end and go on as others."""
    late = made.iloc[rows].copy()
    late[column] = ids
    if year is None:
        made.iloc[rows, made.columns.get_loc(column)] = np.array(ids, dtype="object")
        return made
    for side in ("since", "until"):
        if side not in made:
            made[side] = late[side] = Series(pd.NA, dtype="Int64")
        made[side] = made[side].astype("Int64")
        late[side] = late[side].astype("Int64")
    begun = (late["since"] >= year).fillna(value=False).to_numpy(bool)  # in this very year
    late["since"] = late["since"].where(begun, year)
    made.iloc[rows, made.columns.get_loc("until")] = year
    kept = np.setdiff1d(np.arange(len(made)), np.array(rows, int)[begun])
    return pd.concat([made.iloc[kept], late], ignore_index=True)


def changed_values(before: DataFrame, after: DataFrame, features: DataFrame) -> DataFrame:
    """Return each value that differs: ``id, column, before, after``."""
    rows = []
    for one in features[features["columns"] != ""].itertuples():
        for column in str(one.columns).split("、"):
            values = before[column].iloc[one.old], after[column].iloc[one.new]
            shown = ["" if pd.isna(value) else _plain_text(value) for value in values]
            rows.append((one.id, column, *shown))
    return DataFrame(rows, columns=["id", "column", "before", "after"])


def _plain_text(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _labels(layer: DataFrame, key: Sequence[str]) -> NDArray[np.object_]:
    parts = [layer[k].astype("object").where(layer[k].notna(), "").astype(str) for k in key]
    label = parts[0]
    for part in parts[1:]:
        label = label + " " + part
    return np.asarray(label, dtype=object)


def _the_same(
    before: GeoDataFrame, after: GeoDataFrame, key: list[str], *, renamed: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pair the features of two states: same id and outline, same outline, same id and ground.

    The outline weighs more than the id, because numbers are given anew; the same number on other
    ground is another feature.
    """
    old, new = np.asarray(before.geometry.array, object), np.asarray(after.geometry.array, object)
    was, now = _labels(before, key), _labels(after, key)
    place: dict[str, int] = {}
    for k, name in enumerate(was):
        if name:
            place.setdefault(name, k)
    by_id = np.array([place.get(name, -1) for name in now], np.intp).reshape(-1)
    if not renamed:
        by_id[:] = -1
    j = np.flatnonzero(by_id >= 0)
    i = by_id[j]
    i, j = _once(i, j)
    unplaced = shapely.is_missing(old[i]) | shapely.is_missing(new[j])
    sure = _alike_shapes(old[i], new[j]) | unplaced
    pairs = [(i[sure], j[sure])]
    left_old = np.setdiff1d(np.arange(len(old)), i[sure])
    left_new = np.setdiff1d(np.arange(len(new)), j[sure])
    a, b = _by_shape(old, new, left_old, left_new)
    pairs.append((a, b))
    rest = ~sure & ~np.isin(i, a) & ~np.isin(j, b)
    i, j = i[rest], j[rest]
    ground = np.array([_common_ground(p, q) for p, q in zip(old[i], new[j], strict=True)], bool)
    pairs.append((i[ground], j[ground]))
    return np.concatenate([p for p, _ in pairs]), np.concatenate([q for _, q in pairs])


def _common_ground(one: shapely.Geometry, two: shapely.Geometry) -> bool:
    if shapely.get_dimensions(one) < 2:
        return True  # a point or a line that moved
    return bool(shapely.intersects(one, two) and shapely.relate_pattern(one, two, "T********"))


def _by_shape(
    old: NDArray[np.object_],
    new: NDArray[np.object_],
    left_old: NDArray[np.intp],
    left_new: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pair features of one outline; of several that have the same, each with the next."""
    left_old = left_old[~shapely.is_missing(old[left_old])]
    left_new = left_new[~shapely.is_missing(new[left_new])]
    tree = shapely.STRtree(_middles(old[left_old]))
    b, a = tree.query(_middles(new[left_new]), predicate="dwithin", distance=_degrees(SAME_M))
    i, j = left_old[a], left_new[b]
    alike = _alike_shapes(old[i], new[j])
    return _once(i[alike], j[alike])


def _middles(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    box = shapely.bounds(shapes)
    return np.asarray(shapely.points((box[:, :2] + box[:, 2:]) / 2), object)


def _once(i: NDArray[np.intp], j: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Keep pairs so that every feature stands in one at most."""
    kept, used_i, used_j = [], set(), set()
    for k, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        if a not in used_i and b not in used_j:
            used_i.add(a)
            used_j.add(b)
            kept.append(k)
    return i[kept], j[kept]


def _degrees(metres: float) -> float:
    return metres / 111_320.0


def _alike_shapes(one: NDArray[np.object_], two: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Whether outlines are one up to rounding, wherever they begin and whichever way they turn."""
    one, two = np.asarray(one, object), np.asarray(two, object)
    alike = np.asarray(shapely.is_missing(one) & shapely.is_missing(two), bool)
    near = _degrees(SAME_M)
    with np.errstate(invalid="ignore"):
        close = (np.abs(shapely.bounds(one) - shapely.bounds(two)) <= near).all(axis=1)
    rows = np.flatnonzero(close)
    exact = shapely.equals_exact(one[rows], two[rows], near)
    alike[rows[exact]] = True
    for k in rows[~exact].tolist():
        same_kind = shapely.get_dimensions(one[k]) == shapely.get_dimensions(two[k])
        alike[k] = (
            same_kind and shapely.hausdorff_distance(_outline(one[k]), _outline(two[k])) <= near
        )
    return alike


def _outline(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.boundary(shape) if shapely.get_dimensions(shape) == 2 else shape


def _differing(
    before: DataFrame,
    after: DataFrame,
    i: NDArray[np.intp],
    j: NDArray[np.intp],
    skip: set[str],
) -> NDArray[np.object_]:
    """For each pair the columns whose values differ, joined."""
    said = np.full(len(i), "", object)
    for column in after.columns:
        if column in skip or column not in before or str(column).casefold() in _OF_THE_FILE:
            continue
        one, two = before[column].iloc[i], after[column].iloc[j]
        for k in np.flatnonzero(~_equal_values(one, two)).tolist():
            said[k] = f"{said[k]}、{column}" if said[k] else str(column)
    return said


def _equal_values(one: Series, two: Series) -> NDArray[np.bool_]:
    """Whether values say the same; nothing is nothing, and numbers are numbers however they stand."""
    a, b = one.reset_index(drop=True), two.reset_index(drop=True)
    none_a, none_b = (s.isna() | (s.astype("object") == "") for s in (a, b))
    texts_a, texts_b = (s.map(lambda v: "" if pd.isna(v) else _plain_text(v)) for s in (a, b))
    equal = np.array((texts_a == texts_b) | (none_a & none_b), dtype=bool)
    numbers = [pd.api.types.is_numeric_dtype(s.dtype) for s in (a, b)]
    if any(numbers):
        rows = np.flatnonzero(~equal & ~(none_a | none_b).to_numpy(dtype=bool))
        for k in rows.tolist():
            try:
                equal[k] = math.isclose(float(a[k]), float(b[k]), rel_tol=1e-9, abs_tol=1e-6)
            except (TypeError, ValueError):
                continue
    return equal
