"""Each task in the ways there are, every way with the same result.

A way takes the layers and the number of threads and returns a table whose index names the rows
(park, parcel, pair of parcels) and whose columns are numbers. SQL engines read the files
themselves: their time includes that, and is compared with reading and running.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from pandas import DataFrame, Series

from zgcgis import geo

from . import fabric

Layers = dict[str, GeoDataFrame]

TASKS = {
    "parks": "per park: land by use, footprint, floor area",
    "parcels": "per parcel: floor area ratio and coverage",
    "overlaps": "parcels that overlap by more than 1 m2",
    "uncovered": "park area that no parcel covers",
    "whole": "parks and parcels in one process: what accounts are made of",
}

BASELINE = "geopandas"
WAYS = (BASELINE, "zgcgis", "duckdb", "sedonadb")
READS_ITSELF = ("duckdb", "sedonadb")
MIN_AREA_M2 = 1.0


def available(way: str) -> bool:
    """Whether the packages of a way are installed."""
    needs = {"duckdb": ("duckdb", "duckdb_extension_spatial"), "sedonadb": ("sedonadb",)}
    return all(find_spec(name) is not None for name in needs.get(way, ()))


def do(task: str, way: str) -> Callable[..., DataFrame] | None:
    """Return the function for a task in one way, or None if that way has none."""
    return _DO.get((task, way))


# --- what the tables hold ----------------------------------------------------------------


def _park_table(land: DataFrame, built: DataFrame) -> DataFrame:
    """`land`: park, land_use, area_m2. `built`: park, storeys, area_m2."""
    wide = land.groupby(["park", "land_use"])["area_m2"].sum().unstack(fill_value=0.0)
    wide = wide.reindex(columns=list(fabric.USES), fill_value=0.0).add_prefix("land_m2 ")
    wide["footprint_m2"] = built.groupby("park")["area_m2"].sum()
    wide["floor_area_m2"] = (built["area_m2"] * built["storeys"]).groupby(built["park"]).sum()
    return wide.fillna(0.0)


def _parcel_table(own: Series, built: DataFrame) -> DataFrame:
    """`own`: area of the parcels by id. `built`: parcel (an id), storeys, area_m2."""
    footprint = built.groupby("parcel")["area_m2"].sum()
    floors = (built["area_m2"] * built["storeys"]).groupby(built["parcel"]).sum()
    own = own.reindex(footprint.index)
    return DataFrame(
        {
            "footprint_m2": footprint,
            "floor_area_m2": floors,
            "coverage": footprint / own,
            "far": floors / own,
        }
    )


def _area(layer: GeoDataFrame) -> Any:
    return shapely.area(np.asarray(layer.geometry.array))


def _own(parcels: GeoDataFrame) -> Series:
    return Series(_area(parcels), index=parcels["id"])


def _pair_table(a: Any, b: Any, area_m2: Any) -> DataFrame:
    table = DataFrame({"a": np.asarray(a), "b": np.asarray(b), "area_m2": np.asarray(area_m2)})
    return table.astype({"a": "int64", "b": "int64"}).set_index(["a", "b"]).sort_index()


# --- this package ------------------------------------------------------------------------


def _zgcgis_parks(layers: Layers, threads: int | None) -> DataFrame:
    parks, parcels, buildings = (layers[name] for name in fabric.LAYERS)
    i, j, area = geo.clipped_areas(parks.geometry, parcels.geometry, threads=threads)
    use = parcels["land_use"].to_numpy()[j]
    land = DataFrame({"park": parks["id"].to_numpy()[i], "land_use": use, "area_m2": area})
    i, j, area = geo.clipped_areas(parks.geometry, buildings.geometry, threads=threads)
    storeys = buildings["storeys"].to_numpy()[j]
    built = DataFrame({"park": parks["id"].to_numpy()[i], "storeys": storeys, "area_m2": area})
    return _park_table(land, built)


def _zgcgis_parcels(layers: Layers, threads: int | None) -> DataFrame:
    parcels, buildings = layers["parcels"], layers["buildings"]
    i, j, area = geo.clipped_areas(parcels.geometry, buildings.geometry, threads=threads)
    storeys = buildings["storeys"].to_numpy()[j]
    built = DataFrame({"parcel": parcels["id"].to_numpy()[i], "storeys": storeys, "area_m2": area})
    return _parcel_table(_own(parcels), built)


def _zgcgis_overlaps(layers: Layers, threads: int | None) -> DataFrame:
    found = geo.overlaps(layers["parcels"], min_area_m2=MIN_AREA_M2, widths=False, threads=threads)
    a, b = found["a"].to_numpy(), found["b"].to_numpy()
    return _pair_table(np.minimum(a, b), np.maximum(a, b), found["area_m2"])


def _zgcgis_uncovered(layers: Layers, threads: int | None) -> DataFrame:
    parks, parcels = layers["parks"], layers["parcels"]
    found = geo.gaps(parcels, parks, min_area_m2=0.0, widths=False, threads=threads)
    return found.groupby("a")[["area_m2"]].sum()


def _zgcgis_whole(layers: Layers, threads: int | None) -> DataFrame:
    tables = {"park": _zgcgis_parks(layers, threads), "parcel": _zgcgis_parcels(layers, threads)}
    return pd.concat(tables)


# --- geopandas.overlay, as a user writes it ----------------------------------------------


def _geopandas_parks(layers: Layers, threads: int | None) -> DataFrame:
    parks, parcels, buildings = (layers[name] for name in fabric.LAYERS)
    outlines = parks.rename(columns={"id": "park"})
    land = gpd.overlay(parcels, outlines, how="intersection", keep_geom_type=True)
    land = DataFrame(land[["park", "land_use"]]).assign(area_m2=_area(land))
    built = gpd.overlay(buildings, outlines, how="intersection", keep_geom_type=True)
    built = DataFrame(built[["park", "storeys"]]).assign(area_m2=_area(built))
    return _park_table(land, built)


def _geopandas_parcels(layers: Layers, threads: int | None) -> DataFrame:
    parcels = layers["parcels"].rename(columns={"id": "parcel"})
    built = gpd.overlay(layers["buildings"], parcels, how="intersection", keep_geom_type=True)
    built = DataFrame(built[["parcel", "storeys"]]).assign(area_m2=_area(built))
    return _parcel_table(_own(layers["parcels"]), built)


def _geopandas_overlaps(layers: Layers, threads: int | None) -> DataFrame:
    parcels = layers["parcels"][["id", "geometry"]]
    both = gpd.overlay(parcels, parcels, how="intersection", keep_geom_type=True)
    size = _area(both)
    kept = (both["id_1"] < both["id_2"]) & (size > MIN_AREA_M2)
    return _pair_table(both["id_1"][kept], both["id_2"][kept], size[kept])


def _geopandas_whole(layers: Layers, threads: int | None) -> DataFrame:
    tables = {
        "park": _geopandas_parks(layers, threads),
        "parcel": _geopandas_parcels(layers, threads),
    }
    return pd.concat(tables)


def _geopandas_uncovered(layers: Layers, threads: int | None) -> DataFrame:
    left = gpd.overlay(layers["parks"], layers["parcels"], how="difference", keep_geom_type=True)
    return DataFrame({"a": left["id"], "area_m2": _area(left)}).groupby("a")[["area_m2"]].sum()


# --- SQL engines, with the containment shortcut written by hand ---------------------------

_CLIPPED = """
    SELECT {keys}, CASE WHEN ST_CoveredBy(s.geometry, b.geometry) THEN ST_Area(s.geometry)
                        ELSE ST_Area(ST_Intersection(s.geometry, b.geometry)) END AS area_m2
    FROM {small} s JOIN {big} b ON ST_Intersects(s.geometry, b.geometry)
"""
_PAIRS = """
    WITH pairs AS {materialized} (
        SELECT p.id AS a, q.id AS b, p.geometry AS one, q.geometry AS other
        FROM parcels p JOIN parcels q ON ST_Intersects(p.geometry, q.geometry)
    ), sized AS (
        SELECT a, b, ST_Area(ST_Intersection(one, other)) AS area_m2 FROM pairs WHERE a < b
    )
    SELECT a, b, area_m2 FROM sized WHERE area_m2 > 1
"""
Query = Callable[[str], DataFrame]


def _duckdb(folder: Path, threads: int | None) -> Query:
    import duckdb
    import duckdb_extension_spatial

    home = Path(duckdb_extension_spatial.__file__).parent
    extension = next(home.rglob("spatial.duckdb_extension"))
    connection = duckdb.connect(config={"threads": threads} if threads else {})
    connection.execute(f"LOAD '{extension}'")
    for name in fabric.LAYERS:
        columns = {"parks": "id", "parcels": "id, land_use", "buildings": "id, storeys"}[name]
        connection.execute(
            f"CREATE TABLE {name} AS SELECT {columns}, geometry::GEOMETRY AS geometry "
            f"FROM read_parquet('{folder / name}.parquet')"
        )
    return lambda sql: connection.sql(sql).df()


def _sedonadb(folder: Path, threads: int | None) -> Query:
    import sedonadb

    session = sedonadb.connect()
    for name in fabric.LAYERS:
        session.read_parquet(str(folder / f"{name}.parquet")).to_view(name)
    return lambda sql: DataFrame(session.sql(sql).to_pandas())


_OPEN = {"duckdb": _duckdb, "sedonadb": _sedonadb}


def _sql(task: str, way: str) -> Callable[..., DataFrame]:
    def run(folder: Path, threads: int | None) -> DataFrame:
        query = _OPEN[way](folder, threads)
        if task == "parks":
            clipped = {"big": "parks", "keys": "b.id AS park, s.land_use", "small": "parcels"}
            land = query(_CLIPPED.format(**clipped))
            clipped |= {"keys": "b.id AS park, s.storeys", "small": "buildings"}
            return _park_table(land, query(_CLIPPED.format(**clipped)))
        if task == "parcels":
            keys = "b.id AS parcel, s.storeys"
            built = query(_CLIPPED.format(keys=keys, big="parcels", small="buildings"))
            built = built[built["area_m2"] > 0]
            own = query("SELECT id, ST_Area(geometry) AS own FROM parcels").set_index("id")["own"]
            return _parcel_table(own, built)
        # Told to, DuckDB keeps `a < b` out of the join, which would else compare all with all.
        found = query(_PAIRS.format(materialized="MATERIALIZED" if way == "duckdb" else ""))
        return _pair_table(found["a"], found["b"], found["area_m2"])

    return run


_DO: dict[tuple[str, str], Callable[..., DataFrame]] = {
    ("parks", "zgcgis"): _zgcgis_parks,
    ("parcels", "zgcgis"): _zgcgis_parcels,
    ("overlaps", "zgcgis"): _zgcgis_overlaps,
    ("uncovered", "zgcgis"): _zgcgis_uncovered,
    ("whole", "zgcgis"): _zgcgis_whole,
    ("parks", BASELINE): _geopandas_parks,
    ("parcels", BASELINE): _geopandas_parcels,
    ("overlaps", BASELINE): _geopandas_overlaps,
    ("uncovered", BASELINE): _geopandas_uncovered,
    ("whole", BASELINE): _geopandas_whole,
    **{
        (task, way): _sql(task, way)
        for task in ("parks", "parcels", "overlaps")
        for way in READS_ITSELF
    },
}


def difference(ours: DataFrame, theirs: DataFrame) -> float:
    """Return the largest relative difference of two tables; a row one lacks counts as zeros.

    Values below 1 (a square metre, a ratio of 1) are compared as if they were 1.
    """
    ours, theirs = ours.align(theirs, join="outer", fill_value=0.0)
    a, b = ours.fillna(0.0).to_numpy(float), theirs.fillna(0.0).to_numpy(float)
    if not a.size:
        return 0.0
    return float((np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1.0)).max())
