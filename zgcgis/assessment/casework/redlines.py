"""Red lines (用地红线): plots as surveyors and offices hand them over, in any format that is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from ...findings import describe
from ...intake.layer import Options
from ...io.layers import the_layer, typed
from ...language.errors import ReadError
from ...language.safe_text import Text

__all__ = ["RedLine", "read_red_line"]

_POLYGONS = ["Polygon", "MultiPolygon"]


@dataclass(frozen=True, eq=False)
class RedLine:
    """The plots of a red line.

    Attributes
    ----------
    name
        What the file is called.
    plots
        One row a plot, in EPSG:4490: ``plot name stated_area_m2`` (NaN where nothing is stated).
    remarks
        What of the file was mended, left out or doubted, in sentences.
    """

    name: str
    plots: GeoDataFrame
    remarks: tuple[Text, ...] = ()


def read_red_line(
    path: str | Path,
    *,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    datum: str = "as-stated",
) -> RedLine:
    """Read a red line: boundary points (txt), a table of corners, DXF, KML, Shapefile and more.

    Parameters
    ----------
    path
        A file of any format that ``zgcgis import`` takes, with one plot or several.
    crs, layer, encoding, datum
        What the file does not say itself, as the options of ``zgcgis import``.

    Raises
    ------
    ReadError
        If the file cannot be used, or holds no plot that is ground.
    """
    options = Options(crs=crs, layer=layer, encoding=encoding, datum=datum)
    _, found = the_layer(path, "parcel", options)
    remarks = [Text(*pair) for pair in zip(
        describe(found.findings, "zh"), describe(found.findings, "en"), strict=True
    )]  # fmt: skip
    frame = found.frame
    if not isinstance(frame, GeoDataFrame):
        frame = GeoDataFrame(geometry=[], crs="EPSG:4490")
    ground = frame.geometry.geom_type.isin(_POLYGONS) & ~frame.geometry.is_empty
    if aside := int((~ground).sum()):
        remarks.append(
            Text(
                f"{aside} 个图形不是面，没有分析",
                f"{aside} shape(s) are no polygons and were not asked",
            )
        )
    frame = typed(frame[ground].reset_index(drop=True), "parcel")
    if frame.empty:
        raise ReadError(
            f"{path} 中没有可用的地块（面）。请提供闭合的红线：界址点 txt、坐标表、DXF、KML 或 Shapefile。",
            f"{path} holds no plot that is a polygon. Give a closed red line: boundary points "
            "(txt), a table of corners, DXF, KML or a Shapefile.",
        )
    plots = GeoDataFrame(
        {
            "plot": _ids(frame),
            "name": [str(one) if isinstance(one, str) else "" for one in frame["name"]]
            if "name" in frame
            else "",
            "stated_area_m2": frame["registered_area_m2"].astype(float).round(4)
            if "registered_area_m2" in frame
            else np.nan,
        },
        geometry=frame.geometry.to_numpy(),
        crs=frame.crs,
    )
    return RedLine(Path(path).name, plots, tuple(dict.fromkeys(remarks)))


def _ids(frame: pd.DataFrame) -> list[str]:
    """The ids of the plots; one that is missing or stands twice is told by its place."""
    given = [str(one).strip() if isinstance(one, str) else "" for one in frame["id"]]
    once: dict[str, int] = {}
    for one in given:
        once[one] = once.get(one, 0) + 1
    return [
        one if one and once[one] == 1 else f"{one or '地块'}#{k}" for k, one in enumerate(given, 1)
    ]
