"""Many polygons on any folium map (宗地图层): one packed block in place of a feature each."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import pandas as pd
from folium.elements import JSCSSMixin
from folium.map import Layer
from folium.template import Template
from geopandas import GeoDataFrame

from ..language.errors import CrsError, MissingColumnsError
from ..model import COLUMNS
from ..plan.land_use import systems
from .packed.codec import pack, pack_column
from .packed.land_layers import class_style, ramp_style, use_style
from .safe import json_for_page

__all__ = ["ParcelLayer"]

_FEW = 12  # numbers with more different values are coloured by amount


class ParcelLayer(JSCSSMixin, Layer):  # type: ignore[misc]
    """Polygons coloured by a column, a hundred thousand of them as easily as ten.

    The layer draws itself on canvas tiles, without a network and without WebGL; it names what is
    under the pointer, shows the columns of what is clicked, and brings its legend. Text of the
    table is text: none of it passes through a template or is read as HTML.

    Parameters
    ----------
    gdf
        Polygons with a CRS. Rows without a polygon are left out; ``left_out`` counts them.
    by
        The column to colour by: numbers by amount in five classes, text by class. Land-use codes
        (``land_use``, ``planned_use``) take the colours of the national drawing standards if the
        table says of which classification they are.
    name
        Name in a layer control; by default the one of the column.
    columns
        Columns to show on a click; by default all that are no shape.
    opacity
        From 0 to 1.
    show
        Whether it is drawn at first.

    Raises
    ------
    CrsError
        If `gdf` has no CRS.
    MissingColumnsError
        If `by` or one of `columns` is not there.

    Examples
    --------
    >>> import folium
    >>> from shapely import box
    >>> land = GeoDataFrame(
    ...     {"use": ["工业", "居住"]},
    ...     geometry=[box(116.30, 40, 116.31, 40.01), box(116.31, 40, 116.32, 40.01)],
    ...     crs="EPSG:4490",
    ... )
    >>> m = folium.Map([40, 116.31], tiles=None)
    >>> ParcelLayer(land, by="use").add_to(m).left_out
    0
    """

    _template = Template(
        "{% macro html(this, kwargs) %}{{ this.blocks }}{% endmacro %}"
        "{% macro script(this, kwargs) %}{{ this.code }}"
        'var {{ this.get_name() }} = L.parcelLayer("{{ this.get_name() }}");'
        "{% if this.show %}{{ this.get_name() }}.addTo({{ this._parent.get_name() }});{% endif %}"
        "{% endmacro %}"
    )

    def __init__(
        self,
        gdf: GeoDataFrame,
        by: str | None = None,
        *,
        name: str | None = None,
        columns: Sequence[str] | None = None,
        opacity: float = 0.85,
        show: bool = True,
    ) -> None:
        super().__init__(name=name or by or "ParcelLayer", overlay=True, control=True, show=show)
        self._name = "ParcelLayer"
        if gdf.crs is None:
            raise CrsError(
                "这份数据没有坐标系，无法上图。请先用 gdf.set_crs(…) 说明它的坐标系。",
                "The data state no reference system and cannot be mapped. Name it with "
                "gdf.set_crs(…) first.",
            )
        rows = gdf.set_index(pd.RangeIndex(len(gdf)))
        shown = [c for c in rows.columns if c != rows.geometry.name] if columns is None else [*columns]  # fmt: skip
        missing = [c for c in [*shown, *([by] if by else [])] if c not in rows]
        if missing:
            raise MissingColumnsError(missing, rows.columns, where="ParcelLayer")
        packed = pack(rows.to_crs("EPSG:4490").geometry.to_numpy())
        self.left_out = len(rows) - len(packed.order)
        style, places = _style(rows, by)
        told: dict[str, Any] = {
            "key": "shapes", "name": [self.layer_name, self.layer_name], "from": 0,
            "total": len(rows), "meta": packed.meta, "styles": [style] if style else [],
            "style": by or "", "fields": [[c, *_names(c)] for c in shown], "columns": {},
            "opacity": opacity,
        }  # fmt: skip
        data = {"shapes": packed.data}
        gathered = {c: rows[c] for c in shown}
        gathered["area_m2"] = pd.Series(0.0, index=rows.index)
        if style is not None and places is not None:
            gathered[f"by.{by}"] = pd.Series(places, index=rows.index)
        for key, values in gathered.items():
            told["columns"][key], data[f"shapes.{key}"] = pack_column(_plain(values), packed.order)
        self._told, self._data = told, data

    @property
    def code(self) -> str:
        """The script of the layer; a page runs it once, however many layers there are."""
        text = files(__package__).joinpath("static/parcels.js").read_text(encoding="utf-8")
        return f"if (!L.parcelLayer) {{ {text} }}\n"

    @property
    def blocks(self) -> str:
        """The data elements of the layer; nothing in them is code or a tag."""
        id = self.get_name()
        parts = [f'<script type="application/json" id="{id}-told">{json_for_page(self._told)}</script>']  # fmt: skip
        for key, text in self._data.items():
            safe = json_for_page(key)[1:-1].replace('"', "")
            parts.append(f'<script type="application/octet-stream" id="{id}-{safe}">{text}</script>')  # fmt: skip
        return "".join(parts)


def _names(column: str) -> tuple[str, str]:
    known = COLUMNS.get(column)
    return (known.zh, known.en) if known else (column, column)


def _plain(values: pd.Series) -> pd.Series:
    """Columns as text unless they are numbers or dates."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_localize(None)
    return values if pd.api.types.is_datetime64_any_dtype(values) else values.map(lambda v: None if v is None or v is pd.NA or v != v else str(v))  # fmt: skip


def _style(rows: GeoDataFrame, by: str | None) -> tuple[dict[str, Any] | None, Any]:
    if by is None:
        return None, None
    values, name = rows[by], _names(by)
    if by in ("land_use", "planned_use") and "land_use_system" in rows:
        of_each = rows["land_use_system"].astype("object")
        if of_each.isin(systems()).any():
            return use_style(by, values, of_each, name)
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    whole = numeric and (values.dropna() == values.dropna().round()).all()
    if numeric and not (whole and values.nunique() <= _FEW):
        return ramp_style(by, values, name)
    return class_style(by, _plain(values), name)
