"""How a written layer shows: in a GeoPackage the colours of codes, for QGIS; columns in Chinese."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pandas as pd
from geopandas import GeoDataFrame

from ...language.safe_text import xml_text
from ...model import COLUMNS

__all__ = ["chinese_heads", "colour_of", "embed_style", "embed_table"]


def chinese_heads(layer: pd.DataFrame) -> dict[str, str]:
    """Return the Chinese names of columns we know, without the units that stand in brackets."""
    known = {c: COLUMNS[c].zh for c in layer.columns if c in COLUMNS}
    taken = Counter([*known.values(), *(c for c in layer.columns if c not in known)])
    return {c: zh for c, zh in known.items() if taken[zh] == 1}


def embed_style(path: Path, name: str, frame: GeoDataFrame) -> None:
    """Put a style into the GeoPackage, so that QGIS draws the codes in the colours we use."""
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute(
            "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "
            "f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), "
            "f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT, "
            "useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), "
            "update_time DATETIME DEFAULT '2000-01-01T00:00:00.000Z')"
        )
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '2000-01-01T00:00:00.000Z')"
        )
        (column,) = base.execute(
            "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (name,)
        ).fetchone()
        base.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner) "
            "VALUES ('', '', ?, ?, 'zgcgis', ?, '', 1, 'zgcgis', '')",
            (name, column, _qml(frame)),
        )
        base.execute("UPDATE gpkg_contents SET last_change = '2000-01-01T00:00:00.000Z'")
        base.commit()


def embed_table(path: Path, name: str, values: list[str]) -> None:
    """Put texts into the GeoPackage, as the column ``value`` of a table without shapes."""
    quoted = '"' + name.replace('"', '""') + '"'
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute(f"CREATE TABLE {quoted} (fid INTEGER PRIMARY KEY NOT NULL, value TEXT)")
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
            "VALUES (?, 'attributes', ?, '2000-01-01T00:00:00.000Z')",
            (name, name),
        )
        base.executemany(
            f"INSERT INTO {quoted} (value) VALUES (?)",  # noqa: S608 - quoted
            [(value,) for value in values],
        )
        base.commit()


def _qml(frame: GeoDataFrame) -> str:
    """Return a QGIS style: one colour for each code of the layer's land use, else one outline."""
    column = next((c for c in ("land_use", "planned_use", "severity") if c in frame), None)
    kinds = set(frame.geometry.geom_type.dropna())
    symbol_type = "marker" if kinds & {"Point", "MultiPoint"} else (
        "line" if kinds & {"LineString", "MultiLineString"} else "fill")  # fmt: skip
    layer_class = {"marker": "SimpleMarker", "line": "SimpleLine", "fill": "SimpleFill"}[
        symbol_type
    ]

    def symbol(number: int, colour: tuple[int, int, int]) -> str:
        rgb = ",".join(map(str, colour))
        key = "line_color" if symbol_type == "line" else "color"
        return (
            f'<symbol type="{symbol_type}" name="{number}" alpha="1">'
            f'<layer class="{layer_class}" enabled="1"><Option type="Map">'
            f'<Option name="{key}" type="QString" value="{rgb},255"/>'
            '<Option name="outline_color" type="QString" value="90,90,90,255"/>'
            '<Option name="outline_width" type="QString" value="0.2"/>'
            "</Option></layer></symbol>"
        )

    if column is None:
        body = f'<renderer-v2 type="singleSymbol"><symbols>{symbol(0, (219, 219, 219))}</symbols></renderer-v2>'
    else:
        codes = sorted({str(v) for v in frame[column].dropna()})[:500]
        words = [quoteattr(xml_text(code)) for code in codes]
        categories = "".join(
            f'<category symbol="{i}" value={word} label={word} render="true"/>'
            for i, word in enumerate(words)
        )
        symbols = "".join(symbol(i, colour_of(code)) for i, code in enumerate(codes))
        body = (
            f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(column)}>'
            f"<categories>{categories}</categories><symbols>{symbols}</symbols></renderer-v2>"
        )
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'><qgis>{body}</qgis>"


_COLOURS = {
    "05": (214, 69, 65), "06": (168, 120, 90), "07": (250, 219, 94), "08": (232, 110, 160),
    "09": (214, 69, 65), "10": (168, 120, 90), "11": (186, 150, 200), "12": (170, 170, 170),
    "13": (110, 150, 190), "14": (90, 160, 90), "15": (120, 130, 90), "17": (120, 180, 225),
    "error": (198, 40, 40), "warning": (239, 140, 0), "note": (66, 122, 180),
}  # fmt: skip


def colour_of(code: str) -> tuple[int, int, int]:
    """Return the colour of a land-use class by the first two digits of its code."""
    return _COLOURS.get(code) or _COLOURS.get(code[:2], (219, 219, 219))
