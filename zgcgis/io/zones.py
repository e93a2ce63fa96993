"""Zone folders (示范区文件夹): one folder holds everything that is known of one zone.

::

    zone.toml         id, names, centre of the working plane, sources          (mandatory)
    plan.toml         what the plan states, each fact with its clause
    evaluation.toml   edition of the standard, kind of zone, weights, ideals
    parks.csv         the units: groups, parks, blocks
    accounts.csv      stated values, one row each
    quotas.csv        land quotas
    layers/           one file per level: .geojson, .gpkg or .parquet
    *.csv             further tables, kept as text

What is missing is left out; whoever needs it says so.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pandas as pd
from geopandas import GeoDataFrame
from pandas import DataFrame

from ..errors import MissingColumnsError, ReadError, UnknownNameError, ZoneError
from ..model import LEVELS, Layers, StoredLayer, Zone
from ..plan import load_plan
from ..safe_text import toml_text
from .places import result_folder
from .stored import read_stored_layer, stored_file

__all__ = [
    "SHIPPED",
    "layer_files",
    "new_zone",
    "open_zone",
    "read_stored_layer",
    "zone_folder",
]

_PACKAGE = Path(__file__).resolve().parents[1]
_DATA = next(
    (path for path in (_PACKAGE / "data", _PACKAGE.parent / "data") if path.is_dir()),
    _PACKAGE / "data",
)
SHIPPED: tuple[str, ...] = (
    tuple(sorted(path.parent.name for path in _DATA.glob("*/zone.toml"))) if _DATA.is_dir() else ()
)
"""Names of the zones that come with the package."""

_LAYER_SUFFIXES = (".parquet", ".gpkg", ".geojson")
_FOREIGN_SUFFIXES = {
    ".shp", ".json", ".kml", ".kmz", ".dxf", ".dwg", ".fgb", ".gdb", ".mdb", ".vct", ".csv", ".tsv",
    ".xlsx", ".xls", ".ods", ".zip",
}  # fmt: skip
_TEXT_KEYS = {"unit", "use", "kind", "key", "qualifier", "period", "scope", "basis"}
_UNIT_COLUMNS = (
    "level",
    "parent",
    "group",
    "zh",
    "en",
    "pinyin",
    "aliases",
    "district",
    "since",
    "until",
    "placed",
    "note",
)
_ACCOUNT_COLUMNS = (
    "unit",
    "year",
    "key",
    "value",
    "qualifier",
    "period",
    "scope",
    "basis",
    "source",
    "note",
)
_QUOTA_COLUMNS = ("unit", "year", "use", "kind", "quota_m2", "clause")


def zone_folder(name: str | Path) -> Path:
    """Return the folder of a zone: a path, or the bare name of a zone that ships.

    Raises
    ------
    ZoneError
        If there is neither; the sentence lists the zones that ship.
    """
    path = Path(name)
    if (path / "zone.toml").is_file():
        return path
    if path.name == str(name) and (_DATA / str(name) / "zone.toml").is_file():
        return _DATA / str(name)
    if path.is_dir():
        raise ZoneError(
            f"文件夹 {path} 里没有 zone.toml，不是一个示范区文件夹。"
            f"请用 zgcgis new {path} 建立，或改用随软件提供的示范区：{'、'.join(SHIPPED)}。",
            f"The folder {path} holds no zone.toml, so it is not a zone. "
            f"Make one with zgcgis new {path}, or use a zone that ships: {', '.join(SHIPPED)}.",
        )
    raise ZoneError(
        f"找不到示范区“{name}”：既不是文件夹，也不是随软件提供的名称（{'、'.join(SHIPPED)}）。"
        "请检查路径或名称的拼写。",
        f"No zone '{name}': it is neither a folder nor the name of a zone that ships "
        f"({', '.join(SHIPPED)}). Check the spelling of the path or name.",
    )


def open_zone(folder: str | Path) -> Zone:
    """Read a zone folder; a bare name such as ``"zgc"`` is one that ships with the package.

    Parameters
    ----------
    folder
        Path of a folder with a ``zone.toml``, or the name of a zone that ships.

    Returns
    -------
    zone
        Layers in EPSG:4490; everything the folder does not hold is empty or None. A layer of
        more than 100 000 features, as ``zgcgis import`` stores it, is read when it is first
        asked for.

    Raises
    ------
    ZoneError, PlanError, ReadError, CrsError, MissingColumnsError
        If a file of the folder cannot be used: one sentence that names file, key and way out.
    """
    root = zone_folder(folder)
    meta = read_toml(root / "zone.toml")
    lacks = [key for key in ("id", "zh", "en") if not str(meta.get(key, "")).strip()]
    if lacks:
        raise ZoneError(
            f'{root / "zone.toml"}：缺少 {lacks}。请各写一行，例如 {lacks[0]} = "…"。',
            f'{root / "zone.toml"}: {lacks} missing. Add a line for each, such as {lacks[0]} = "…".',
        )
    plan_file = root / "plan.toml"
    evaluation_file = root / "evaluation.toml"
    known = {"parks", "accounts", "quotas"}
    return Zone(
        id=str(meta["id"]),
        names={"zh": str(meta["zh"]), "en": str(meta["en"])},
        meta=meta,
        units=_read_units(root / "parks.csv"),
        layers=_read_layers(root / "layers"),
        accounts=_read_numbers(root / "accounts.csv", _ACCOUNT_COLUMNS, {"year", "value"}),
        quotas=_read_numbers(root / "quotas.csv", _QUOTA_COLUMNS, {"year", "quota_m2"}),
        plan=load_plan(plan_file) if plan_file.is_file() else None,
        evaluation=read_toml(evaluation_file) if evaluation_file.is_file() else None,
        tables={
            path.stem: _read_csv(path)
            for path in sorted(root.glob("*.csv"))
            if path.stem not in known
        },
        folder=root,
    )


def new_zone(folder: str | Path, *, id: str, zh: str, en: str) -> Path:
    """Lay out an empty zone folder to fill in; every field is explained in its file.

    Raises
    ------
    ZoneError
        If the folder is not empty: nothing is written over.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ZoneError(
            f"{target} 已经存在且不为空，不会覆盖。请换一个新的文件夹。",
            f"{target} is there already and not empty; nothing was written over. "
            "Name a new folder.",
        )
    result_folder(target)
    with as_file(files("zgcgis").joinpath("resources/zone_template")) as template:
        for source in sorted(Path(template).rglob("*")):
            place = target / source.relative_to(template)
            if source.is_dir():
                place.mkdir(exist_ok=True)
            else:
                shutil.copyfile(source, place)
    (target / "layers").mkdir(exist_ok=True)
    settings = target / "zone.toml"
    text = settings.read_text(encoding="utf-8")
    for mark, value in (("@id@", id), ("@zh@", zh), ("@en@", en)):
        text = text.replace(mark, toml_text(value)[1:-1])
    settings.write_text(text, encoding="utf-8", newline="\n")
    return target


def read_toml(path: Path) -> Mapping[str, Any]:
    """Read a TOML file; a broken one is a sentence that names the line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise ZoneError(
            f"{path} 不是有效的 TOML：{error}。请改正所指的行（文字要加引号，数字不加）。",
            f"{path} is not valid TOML: {error}. Mend the line named "
            "(texts in quotes, numbers without).",
        ) from error
    except UnicodeDecodeError as error:
        raise ZoneError(
            f"{path} 不是 UTF-8 编码。请另存为 UTF-8。",
            f"{path} is not UTF-8. Save it as UTF-8.",
        ) from error


def _read_csv(path: Path) -> DataFrame:
    try:
        return pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig").replace(
            "", pd.NA
        )
    except UnicodeDecodeError as error:
        raise ReadError(
            f"{path} 不是 UTF-8 编码。请在 Excel 中另存为“CSV UTF-8”。",
            f"{path} is not UTF-8. Save it as 'CSV UTF-8' in Excel.",
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ReadError(
            f"{path} 不是完整的 CSV 表：{error}。请检查引号和每行的列数。",
            f"{path} is not a whole CSV table: {error}. Check the quotes and the columns per line.",
        ) from error


def _number(path: Path, table: DataFrame, column: str) -> pd.Series:
    values = []
    for line, entry in enumerate(table[column], start=2):
        try:
            values.append(float("nan") if entry is pd.NA else float(entry))
        except ValueError as error:
            raise ReadError(
                f"{path} 第 {line} 行 {column} 列：“{entry}”不是数字。请只填数字，单位写在表头。",
                f"{path} line {line}, column {column}: '{entry}' is not a number. "
                "Give a number only; the unit stands in the column's name.",
            ) from error
    return pd.Series(values, index=table.index, dtype="float64")


def _require(path: Path, table: DataFrame, columns: set[str]) -> None:
    if missing := columns - set(table.columns):
        raise MissingColumnsError(missing, table.columns, where=str(path))


def _read_numbers(path: Path, columns: tuple[str, ...], numbers: set[str]) -> DataFrame:
    table = _read_csv(path) if path.is_file() else DataFrame(columns=list(columns), dtype="str")
    _require(path, table, numbers | ({"unit", "key"} & set(columns)))
    for column in numbers:
        table[column] = _number(path, table, column)
    table["year"] = table["year"].astype("Int64")
    rest = [column for column in table.columns if column not in columns]
    return table.reindex(columns=[*columns, *rest])


def _read_units(path: Path) -> DataFrame:
    table = _read_csv(path) if path.is_file() else DataFrame(columns=["id", *_UNIT_COLUMNS])
    _require(path, table, {"id", "level", "zh", "en"})
    repeated = table["id"][table["id"].duplicated()]
    if len(repeated):
        raise ZoneError(
            f"{path}：编号 {sorted(set(repeated))} 出现多次。每个单元的编号只能用一次。",
            f"{path}: id {sorted(set(repeated))} stands more than once. An id names one unit.",
        )
    rest = [column for column in table.columns if column not in {"id", *_UNIT_COLUMNS}]
    table = table.reindex(columns=["id", *_UNIT_COLUMNS, *rest]).astype("object")
    for column in ("since", "until"):
        table[column] = _number(path, table, column).astype("Int64")
    table["placed"] = (
        table["placed"].fillna("true").astype("str").str.lower().isin({"true", "1", "yes"})
    )
    return table.set_index("id")


def layer_files(folder: Path) -> dict[str, Path]:
    """Return the file of each level in a zone's folder of layers, whatever its suffix.

    Raises
    ------
    ZoneError
        If a level has two files, or a file lies there that no zone reads; both are named.
    UnknownNameError
        If the name of a layer is no level.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        level, suffix = path.stem.lower(), path.suffix.lower()
        if suffix in _FOREIGN_SUFFIXES:
            raise ZoneError(
                f"{path} 不是示范区图层的格式（{'、'.join(_LAYER_SUFFIXES)}），不会被读取。"
                f"请移出 layers 文件夹，再用 zgcgis import 导入。",
                f"{path} is in no format that a zone reads ({', '.join(_LAYER_SUFFIXES)}). "
                "Move it out of the folder layers and bring it in with zgcgis import.",
            )
        if suffix not in _LAYER_SUFFIXES:
            continue
        if level not in LEVELS:
            raise UnknownNameError(
                [path.stem], LEVELS, what=f"level (layer in {folder})", zh="图层级别"
            )
        if level in found:
            first, second = found[level].name, path.name
            newer = max(found[level], path, key=lambda one: one.stat().st_mtime_ns).name
            raise ZoneError(
                f"{folder} 中同一级别 {level} 有两个图层文件：{first} 和 {second}（较新的是 {newer}），"
                "不知以哪个为准。请只留一个，移走另一个。",
                f"{folder} holds two files of the level {level}: {first} and {second} (the newer is "
                f"{newer}); which of them counts is not known. Keep one and move the other away.",
            )
        found[level] = path
    return found


def _read_layers(folder: Path) -> Mapping[str, GeoDataFrame]:
    read: dict[str, GeoDataFrame] = {}
    stored: dict[str, StoredLayer] = {}
    for level, path in sorted(layer_files(folder).items()):
        file = stored_file(path, level)
        if file is None:
            read[level] = read_stored_layer(path, level)
        else:
            stored[level] = file
    return Layers(read, stored)
