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

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.resources import as_file, files
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd
from geopandas import GeoDataFrame
from pandas import DataFrame

from ..findings import combine
from ..intake.formats import BY_SUFFIX
from ..intake.layer import Options
from ..language.errors import (
    PlanError,
    ReadError,
    StandardError,
    UnknownNameError,
    ZgcgisError,
    ZoneError,
    is_it,
    nearest,
)
from ..language.safe_text import toml_value
from ..model import LEVELS, Layers, StoredLayer, Zone
from ..plan import CLUSTERS, Clusters, clusters_of, load_plan
from ..plan.fields import FORMS, WrongValue, check_value, shown
from ..plan.land_use import SYSTEMS, CodeTable, bring, usual_states
from ..plan.listings import read_table, read_texts
from ..plan.settings import check_settings, keeping_all, read_toml, refuse
from ..runs import sweep
from ..standards import read_evaluation
from .layers import stored_box, the_layer, typed
from .places import result_folder
from .postgis.server import is_store
from .stored import read_stored_layer, stored_file
from .stored.outside import refuse_links
from .stored.sound import read_sound_layer
from .writing import lying, together, write_text_whole

__all__ = [
    "SHIPPED",
    "is_zone",
    "layer_files",
    "middle_of",
    "mistakes",
    "new_zone",
    "open_zone",
    "own_codes",
    "own_systems",
    "read_settings",
    "read_sound_layer",
    "read_stored_layer",
    "zone_folder",
    "zone_of_file",
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
_FOREIGN_SUFFIXES = {*BY_SUFFIX, ".kmz", ".dwg", ".mdb", ".xls", ".ods", ".zip"}
_FOREIGN_SUFFIXES -= {*_LAYER_SUFFIXES, ".txt"}  # a text may say what the layers are


def zone_folder(name: str | Path) -> Path:
    """Return the folder of a zone: a path, or the bare name of a zone that ships.

    Raises
    ------
    ZoneError
        If there is neither; the sentence lists the zones that ship.
    """
    if is_store(name):
        raise ZoneError(
            "这里要的是示范区文件夹，不是数据库。请给出文件夹；数据库中的示范区用于 check、assess、map 等只读取的命令。",
            "This asks for a zone folder, not for a database. Name the folder; a zone in a database "
            "is for commands that only read one, such as check, assess and map.",
        )
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


def is_zone(name: str | Path) -> bool:
    """Whether a name is a folder with a ``zone.toml``, or that of a zone that ships and no path."""
    path = Path(name)
    return (path / "zone.toml").is_file() or (str(name) in SHIPPED and not os.path.lexists(path))


def open_zone(folder: str | Path) -> Zone:
    """Read a zone folder; a bare name such as ``"zgc"`` is one that ships with the package.

    Parameters
    ----------
    folder
        Path of a folder with a ``zone.toml``, the name of a zone that ships, or the address of a
        database (``postgresql://…``) that ``zgcgis db load`` has put a zone into.

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
    if is_store(folder):
        from .postgis.store import open_store

        return open_store(str(folder))
    root = zone_folder(folder)
    if root.parent != _DATA:  # an installer may link to the files of a package
        refuse_links(root)
    _no_name_misspelt(root)
    codes = own_codes(root)
    meta = read_settings(root / "zone.toml")
    plan_file = root / "plan.toml"
    evaluation_file = root / "evaluation.toml"
    known = {"parks", "accounts", "quotas"}
    units = _read_units(root / "parks.csv")
    plan = load_plan(plan_file).joined(_grouped(units)) if plan_file.is_file() else None
    clusters = clusters_of(meta, plan, root / "zone.toml")
    paths = layer_files(root / "layers")
    land = "parcel"
    if "land_patch" in paths and land not in paths:
        land = "land_patch"
        paths["parcel"] = paths.pop(land)
    layers, flaws = _read_layers(paths, clusters)
    return Zone(
        id=meta["id"],
        names={"zh": meta["zh"], "en": meta["en"]},
        meta=meta,
        units=units,
        layers=layers,
        accounts=read_table(root / "accounts.csv"),
        quotas=read_table(root / "quotas.csv"),
        plan=plan,
        evaluation=read_settings(evaluation_file) if evaluation_file.is_file() else None,
        tables={
            path.stem: read_texts(path)
            for path in sorted(root.glob("*.csv"))
            if path.stem not in known
        },
        flaws=flaws,
        folder=root,
        clusters=clusters,
        codes=codes,
        land=land,
    )


def zone_of_file(path: str | Path, level: str = "parcel") -> Zone:
    """Return a zone that is nothing but the one layer of a file, to check what it tells alone.

    Parameters
    ----------
    path
        A file of any format that ``zgcgis import`` takes.
    level
        What its features are, one of :data:`zgcgis.model.LEVELS`.

    Returns
    -------
    zone
        Its flaws are what the examination of the file found and mended.

    Raises
    ------
    ReadError
        If the file is refused: the sentence names the rule and the option to give.
    """
    file = Path(path)
    if level not in LEVELS:
        raise UnknownNameError(level, LEVELS, what="level", zh="图层级别")
    _, report = the_layer(file, level, Options())
    frame = report.frame
    if not isinstance(frame, GeoDataFrame):
        raise ReadError(
            f"{file} 是没有图形的表，不能单独核查。请用 zgcgis doctor 查看，或导入示范区后核查。",
            f"{file} is a table without shapes and cannot be checked alone. See zgcgis doctor, or "
            "import it into a zone and check that.",
        )
    layer = typed(frame, level).reset_index(drop=True)
    filled = [name for name in layer if name == "id" or layer[name].notna().any()]
    nowhere = file.with_name("none")  # tables of a folder that is not there are empty
    return Zone(
        id=file.stem,
        names={"zh": file.name, "en": file.name},
        meta={},
        units=_read_units(nowhere / "parks.csv"),
        layers={level: layer[filled]},
        accounts=read_table(nowhere / "accounts.csv"),
        quotas=read_table(nowhere / "quotas.csv"),
        flaws=combine([report.findings.assign(level=level)]),
    )


def new_zone(folder: str | Path, *, id: str, zh: str, en: str) -> Path:
    """Lay out an empty zone folder to fill in; every field is explained in its file.

    Raises
    ------
    ZoneError
        If the folder is not empty, or id or name may not stand in ``zone.toml``: nothing is
        written then.
    """
    target = Path(folder)
    values = {"id": id, "zh": zh, "en": en}
    for key, value in values.items():
        try:
            check_value(value, FORMS["zone.toml"][key])
        except WrongValue as wanted:
            raise ZoneError(
                f"{target} 没有建立：{key} 是 {shown(value)}，应为{wanted.zh}请换一个。",
                f"{target} was not laid out: {key} is {shown(value)}, not {wanted.en} "
                "Give another.",
            ) from None
    sweep(target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ZoneError(
            f"{target} 已经存在且不为空，不会覆盖。请换一个新的文件夹。",
            f"{target} is there already and not empty; nothing was written over. "
            "Name a new folder.",
        )
    with as_file(files("zgcgis").joinpath("resources/zone_template")) as template:
        pages = {
            source.relative_to(template): source.read_text(encoding="utf-8")
            for source in sorted(Path(template).rglob("*"))
            if source.is_file()
        }
    settings = Path("zone.toml")
    pages[settings] = re.sub(
        "@(id|zh|en)@", lambda mark: toml_value(values[mark[1]])[1:-1], pages[settings]
    )
    with together({target: True}):
        result_folder(target)
        for place, text in pages.items():
            write_text_whole(target / place, text)
        (lying(target / settings).parent / "layers").mkdir()
    return target


def read_settings(path: Path) -> Mapping[str, Any]:
    """Read ``zone.toml`` or ``evaluation.toml``; what may not stand there is one sentence."""
    error = StandardError if path.name == "evaluation.toml" else ZoneError
    data = read_toml(path, error=error)
    own = path.name == "zone.toml" and data.get("land_use_system", "") in own_systems(path.parent)
    checked = {key: data[key] for key in data if not own or key != "land_use_system"}
    check_settings(checked, path.name, path, error=error)
    return data


def own_systems(folder: Path) -> set[str]:
    """Return what the land-use codes that a zone brings are called, be they usable or not."""
    path = folder / "land_use.csv"
    with contextlib.suppress(ZgcgisError, OSError), keeping_all():
        table = read_texts(path)
        if "code" in table:
            named = table["system"] if "system" in table else pd.Series(None, index=table.index)
            return {str(one) for one in named.astype("object").fillna(_OWN)}
    return set()


_OWN = "own"
"""What the codes a zone brings are called where the table does not say."""


def own_codes(folder: Path) -> CodeTable | None:
    """Return the land-use codes a zone brings, known for as long as they are held; None without.

    Raises
    ------
    ZoneError
        If the table cannot be used.
    """
    path = folder / "land_use.csv"
    if not path.is_file():
        return None
    table = read_texts(path)
    names = own_systems(folder)
    if len(names) != 1 or names & set(SYSTEMS):
        refuse(
            ZoneError(
                f"{path} 的 system 列写了 {sorted(names)}；一个示范区带一个体系，且不能与自带的"
                f"（{'、'.join(SYSTEMS)}）同名。请改成一个自己的名称。",
                f"{path}: column system says {sorted(names)}; a zone brings one system, and none of "
                f"the name of one that ships ({', '.join(SYSTEMS)}). Give it one name of its own.",
            )
        )
        return None
    if twice := sorted(set(table["code"][table["code"].duplicated()].dropna())):
        refuse(
            ZoneError(
                f"{path}：代码 {twice[:8]} 出现多次。每个代码只写一行。",
                f"{path}: code {twice[:8]} stands more than once. Give each code one line.",
            )
        )
        return None
    name = names.pop()
    try:
        return bring(CodeTable(name, _code_rows(table)))
    except ValueError:
        raise ZoneError(
            f"{path}：另一个正在使用的示范区（或改动前的这一个）也带了名为 {name} 的地类体系，代码不同。"
            "请在 system 列换一个名称，或先放开那一个。",
            f"{path}: another zone that is in use, or this one before a change, brings a system named "
            f"{name} with other codes. Give it another name in column system, or let go of that zone.",
        ) from None


def _code_rows(table: DataFrame) -> DataFrame:
    """The codes of a zone's own table as rows of the crosswalk; what is blank goes by the class."""
    usual = usual_states()
    codes = [str(code) for code in table["code"]]
    there = set(codes)

    def text(column: str) -> list[str]:
        held = table[column] if column in table else pd.Series(None, index=table.index)
        return [one if isinstance(one, str) else "" for one in held]

    built = {"True": "Y", "False": "N"}
    rows = zip(codes, text("zh"), text("class"), text("td1029"), text("construction"), strict=True)
    made = [
        {
            "zh": zh,
            "level": "",
            "parent": next(
                (code[:k] for k in range(len(code) - 1, 0, -1) if code[:k] in there), ""
            ),
            "class": kind,
            "td1029": (state or usual.get(kind, ("", ""))[0]).removeprefix("-"),
            "construction": built.get(land, usual.get(kind, ("", ""))[1]),
            "mark": "own",
            "source": "land_use.csv",
        }
        for code, zh, kind, state, land in rows
    ]
    return DataFrame(made, index=pd.Index(codes, name="code"), dtype="str")


_FILES = (
    *("zone.toml", "plan.toml", "evaluation.toml", "waivers.toml", "layers"),
    *(name for name in FORMS if name.endswith(".csv")),
)
_FILE_WORDS = {
    "园区.csv": "parks.csv", "单元.csv": "parks.csv", "台账.csv": "accounts.csv",
    "指标.csv": "quotas.csv", "规划.toml": "plan.toml", "评价.toml": "evaluation.toml",
    "负面清单.csv": "negative_list.csv", "图层": "layers",
}  # fmt: skip


def _no_name_misspelt(root: Path) -> None:
    """Refuse a folder in which a file would be passed over because its name is misspelt."""
    there = {path.name for path in root.iterdir()}
    for name in sorted(there - set(_FILES)):
        near = nearest(name, _FILES, _FILE_WORDS, least=0.8)
        if near and near not in there and Path(near).suffix == Path(name).suffix.lower():
            ask_zh, ask_en = is_it(near)
            zh = f"{root} 里有 {shown(name)}，没有 {near}，前者不会被读取。{ask_zh}请改名，或移出文件夹。"
            en = (
                f"{root} holds {shown(name)} and no {near}; the first would not be read.{ask_en} "
                "Give it that name, or move it out of the folder."
            )
            refuse(ZoneError(zh, en))


def mistakes(root: Path) -> list[ZgcgisError]:
    """Return all that may not stand in the files of a zone folder, file by file, not the first only.

    Each is the sentence with which opening the zone, or a command, would refuse it.
    """

    def look(*names: str, by: Callable[[Path], object]) -> list[Callable[[], object]]:
        return [partial(by, root / name) for name in names if os.path.lexists(root / name)]

    def plan(path: Path) -> None:
        before = len(kept)
        check_settings(read_toml(path, error=PlanError), "plan.toml", path, error=PlanError)
        if len(kept) == before:
            load_plan(path)

    def evaluation(path: Path) -> None:
        before = len(kept)
        stated = read_settings(path)
        if stated and len(kept) == before:
            read_evaluation(stated, where=str(path), folder=root)

    def layers(path: Path) -> None:
        for level, file in sorted(layer_files(path).items()):
            with told():
                read_sound_layer(file, level)

    @contextlib.contextmanager
    def told() -> Iterator[None]:
        try:
            yield
        except ZgcgisError as problem:
            kept.append(problem)

    more = sorted(
        p.name for p in root.glob("*.csv") if p.stem not in {"parks", "accounts", "quotas"}
    )
    steps: list[Callable[[], object]] = [
        partial(_no_name_misspelt, root),
        *look("zone.toml", "waivers.toml", by=read_settings),
        *look("parks.csv", by=_read_units),
        *look("accounts.csv", "quotas.csv", by=read_table),
        *look(*more, by=read_texts),
        *look("land_use.csv", by=lambda path: own_codes(path.parent) if not kept else None),
        *look("plan.toml", by=plan),
        *look("evaluation.toml", by=evaluation),
        *look("layers", by=layers),
    ]
    with keeping_all() as kept:
        if root.parent != _DATA:
            with told():
                refuse_links(root)
        if not kept:  # nothing is read through a link
            for step in steps:
                with told():
                    step()
    return kept


# --- tables --------------------------------------------------------------------------------------


def _read_units(path: Path) -> DataFrame:
    table = read_table(path)
    repeated = table["id"].dropna()
    repeated = repeated[repeated.duplicated()]
    if len(repeated):
        refuse(
            ZoneError(
                f"{path}：编号 {sorted(set(repeated))} 出现多次。每个单元的编号只能用一次。",
                f"{path}: id {sorted(set(repeated))} stands more than once. An id names one unit.",
            )
        )
    numbers = {"since", "until"}
    table = table.astype({name: "object" for name in table if name not in numbers})
    for column in numbers:
        table[column] = pd.to_numeric(table[column]).astype("Int64")
    table["placed"] = [value is not False for value in table["placed"]]
    return table.set_index("id")


def _grouped(units: DataFrame) -> dict[str, str]:
    """The group that each park is listed in."""
    parks = units.loc[units["level"] == "park", "group"].dropna()
    return {str(park): str(group) for park, group in parks.items()}


# --- layers --------------------------------------------------------------------------------------


def middle_of(layers: Mapping[str, Path]) -> tuple[float, float] | None:
    """Return the middle of some layers, by level, in degrees; by what their files say of their box."""
    boxes = []
    for level, path in layers.items():
        if (box := stored_box(path)) is None:
            box = [float(side) for side in read_stored_layer(path, level).total_bounds]
        boxes += [box] if all(map(isfinite, box)) else []
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return (min(west) + max(east)) / 2, (min(south) + max(north)) / 2


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
            problem: ZgcgisError = ZoneError(
                f"{path} 不是示范区图层的格式（{'、'.join(_LAYER_SUFFIXES)}），不会被读取。"
                f"请移出 layers 文件夹，再用 zgcgis import 导入。",
                f"{path} is in no format that a zone reads ({', '.join(_LAYER_SUFFIXES)}). "
                "Move it out of the folder layers and bring it in with zgcgis import.",
            )
            refuse(problem)
            continue
        if suffix not in _LAYER_SUFFIXES:
            continue
        if level not in LEVELS:
            problem = UnknownNameError(
                [path.stem],
                LEVELS,
                what=f"level (layer in {folder})",
                zh=f"图层级别（{folder} 中的文件）",
                words={about.zh: key for key, about in LEVELS.items()},
            )
            refuse(problem)
            continue
        if level in found:
            first, second = found[level].name, path.name
            newer = max(found[level], path, key=lambda one: one.stat().st_mtime_ns).name
            problem = ZoneError(
                f"{folder} 中同一级别 {level} 有两个图层文件：{first} 和 {second}（较新的是 {newer}），"
                "不知以哪个为准。请只留一个，移走另一个。",
                f"{folder} holds two files of the level {level}: {first} and {second} (the newer is "
                f"{newer}); which of them counts is not known. Keep one and move the other away.",
            )
            refuse(problem)
            continue
        found[level] = path
    return found


def _read_layers(
    paths: Mapping[str, Path], clusters: Clusters = CLUSTERS
) -> tuple[Mapping[str, GeoDataFrame], GeoDataFrame]:
    """Read the layers, and the findings on what of them cannot be used as it is."""
    read: dict[str, GeoDataFrame] = {}
    stored: dict[str, StoredLayer] = {}
    flaws = []
    for level, path in sorted(paths.items()):
        file = stored_file(path, level)
        if file is None:
            read[level], wrong = read_sound_layer(path, level)
            flaws.append(wrong)
        else:
            stored[level] = file
    return Layers(read, stored, clusters=clusters), combine(flaws)
