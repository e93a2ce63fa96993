"""Base maps: what is embedded is what lies there, what is online opens one host, the rest is a sentence."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from zgcgis import open_zone
from zgcgis.geo import wgs84_to_gcj02
from zgcgis.language.errors import ZgcgisError
from zgcgis.maps import draw_zone, save_map
from zgcgis.maps.basemap import _number, _tile_at, read_basemap

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page, until, write_zone

pytestmark = pytest.mark.browser
SPAN = (40.0, 116.3, 40.05, 116.38)


def png(colour: tuple[int, int, int], more: int = 0) -> bytes:
    """A picture of one colour, 256 pixels to a side; `more` bytes are added to it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 256, 256, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(colour) * 256 for _ in range(256))
    text = chunk(b"tEXt", b"x\0" + bytes(more)) if more else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + text
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def tiles(zooms, colour=lambda z, x, y: (200, 40, z * 10), more=0):
    """Every tile of the span, and one far away, by zoom."""
    found = {}
    for z in zooms:
        x0, y1 = _tile_at(SPAN[1], SPAN[0], z)
        x1, y0 = _tile_at(SPAN[3], SPAN[2], z)
        for x in range(x0, x1 + 1):
            for y in range(y0, y1 + 1):
                found[z, x, y] = png(colour(z, x, y), more)
    return found


def as_folder(place: Path, found) -> Path:
    for (z, x, y), data in found.items():
        (place / str(z) / str(x)).mkdir(parents=True, exist_ok=True)
        (place / str(z) / str(x) / f"{y}.png").write_bytes(data)
    return place


def as_mbtiles(place: Path, found) -> Path:
    with sqlite3.connect(place) as base:
        base.execute("CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)")
        base.executemany(
            "INSERT INTO tiles VALUES (?, ?, ?, ?)",
            [(z, x, 2**z - 1 - y, data) for (z, x, y), data in found.items()],
        )
    base.close()
    return place


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def as_pmtiles(place: Path, found, kind=2) -> Path:
    """A root that leads to one leaf, as the specification has it."""
    order = sorted(found, key=lambda t: _number(*t))
    data, numbers, places = b"", [], []
    for tile in order:
        numbers.append(_number(*tile))
        places.append((len(data), len(found[tile])))
        data += found[tile]

    def directory(rows):  # number, run, place, length
        out, last = varint(len(rows)), 0
        for row in rows:
            out, last = out + varint(row[0] - last), row[0]
        for k in (1, 3):
            out += b"".join(varint(row[k]) for row in rows)
        return gzip.compress(out + b"".join(varint(row[2] + 1) for row in rows))

    leaf = directory([(n, 1, *p) for n, p in zip(numbers, places, strict=True)])
    root = directory([(numbers[0], 0, 0, len(leaf))])
    at = 127 + len(root)
    head = b"PMTiles\x03" + struct.pack(
        "<8Q", 127, len(root), at, 0, at, len(leaf), at + len(leaf), len(data)
    )
    head += struct.pack("<3Q", len(order), len(order), len(order)) + bytes(
        [1, 2, 1, kind, min(t[0] for t in order), max(t[0] for t in order)]
    )
    place.write_bytes(head.ljust(127, b"\0") + root + leaf + data)
    return place


def test_tiles_of_pmtiles_have_the_published_numbers():
    """Those of the test of the reference implementation."""
    assert [
        _number(*t) for t in [(0, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0), (2, 0, 0)]
    ] == list(range(6))
    assert _number(12, 3423, 1763) == 19078479


@pytest.mark.parametrize("write", [as_folder, as_mbtiles, as_pmtiles])
def test_the_same_tiles_come_out_of_every_kind_of_file(tmp_path, write):
    found = tiles(range(9, 13))
    suffix = {as_mbtiles: ".mbtiles", as_pmtiles: ".pmtiles"}.get(write, "")
    got = read_basemap(str(write(tmp_path / f"t{suffix}", found)), SPAN)
    assert set(json.loads(got.tiles)) == {f"{z}/{x}/{y}" for z, x, y in found}
    assert (got.record["from"], got.record["to"], got.record["urls"]) == (9, 12, [])


def test_a_folder_is_named_from_where_one_stands(tmp_path, monkeypatch):
    as_folder(tmp_path / "tiles", tiles([10, 11]))
    monkeypatch.chdir(tmp_path)
    whole = read_basemap(str(tmp_path / "tiles"), SPAN)
    for asked in ("tiles", "./tiles", "tiles/{z}/{x}/{y}.png"):
        got = read_basemap(asked, SPAN)
        assert (got.tiles, got.record) == (whole.tiles, whole.record)
    monkeypatch.chdir(tmp_path / "tiles")
    assert read_basemap(".", SPAN).record == whole.record


def test_what_does_not_fit_is_left_out_and_said(tmp_path):
    found = tiles(range(12, 17), more=60_000)
    sizes = {z: sum(len(d) for t, d in found.items() if t[0] == z) for z in range(12, 17)}
    got = read_basemap(str(as_mbtiles(tmp_path / "t.mbtiles", found)), SPAN)
    last = got.record["to"]
    assert (
        sum(sizes[z] for z in range(12, last + 1))
        <= 12e6
        < sum(sizes[z] for z in range(12, last + 2))
    )
    assert str(last) in got.record["said"][0][1]
    with pytest.raises(ZgcgisError, match="12 MB"):
        read_basemap(str(as_folder(tmp_path / "f", tiles([16], more=120_000))), SPAN)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("nowhere.mbtiles", "no base map"),
        ("tianditu:", "key of your own"),
        ("tianditu:a b<c", "key of your own"),
        ("https://tiles.example.org/{z}/{x}", "lacks {y}"),
    ],
)
def test_what_is_no_base_map_is_a_sentence(asked, said):
    with pytest.raises(ZgcgisError, match=said):
        read_basemap(asked, SPAN)


def test_a_file_that_holds_no_picture_is_a_sentence(tmp_path):
    (tmp_path / "a.mbtiles").write_bytes(b"no database")
    (tmp_path / "b.pmtiles").write_bytes(b"PMTiles\x03" + b"\xff" * 130)
    (tmp_path / "c.txt").write_text("x")
    for name, said in (
        ("a.mbtiles", "cannot be read"),
        ("b.pmtiles", "no tile around"),
        ("c.txt", "holds no tiles"),
    ):
        with pytest.raises(ZgcgisError, match=said):
            read_basemap(str(tmp_path / name), SPAN)
    with pytest.raises(ZgcgisError, match="vector"):
        read_basemap(str(as_pmtiles(tmp_path / "v.pmtiles", tiles([10]), kind=1)), SPAN)
    with pytest.raises(ZgcgisError, match="no PNG"):
        read_basemap(
            str(as_mbtiles(tmp_path / "t.mbtiles", dict.fromkeys(tiles([10]), b"\x1f\x8bpbf"))),
            SPAN,
        )
    with pytest.raises(ZgcgisError, match="no tile around"):
        read_basemap(str(as_mbtiles(tmp_path / "far.mbtiles", {(10, 0, 0): png((0, 0, 0))})), SPAN)


@pytest.fixture(scope="module")
def zone(tmp_path_factory):
    return open_zone(write_zone(tmp_path_factory.mktemp("zone") / "z"))


def test_embedded_tiles_lie_where_they_belong_without_a_request(zone, tmp_path):
    """Neighbours differ in colour: each place is asked for that of its tile."""
    found = tiles([12], lambda z, x, y: (250, 40 + 60 * (x % 3), 40 + 60 * (y % 3)))
    atlas = draw_zone(zone, basemap=str(as_mbtiles(tmp_path / "t.mbtiles", found)), layers=["none"])
    with browser_page() as page:
        page.goto(save_map(atlas, tmp_path / "m.html").as_uri())
        page.evaluate("atlasPage.map.setView([40.025, 116.34], 13, {animate: false})")
        until(
            page,
            "document.querySelectorAll('.leaflet-basemap-pane img.leaflet-tile-loaded').length > 1",
        )
        page.wait_for_timeout(800)  # tiles of the zoom before are gone
        for lat, lon in ((40.01, 116.31), (40.03, 116.35), (40.02, 116.38)):
            src = page.evaluate(
                f"""(() => {{ const p = atlasPage.map.latLngToContainerPoint([{lat}, {lon}]);
                  return [...document.querySelectorAll('.leaflet-basemap-pane img')].filter(i => {{ const r = i.getBoundingClientRect();
                    return p.x >= r.left && p.x < r.right && p.y >= r.top && p.y < r.bottom && !i.src.endsWith('AAAAICRAEAOw==') && i.src.length > 200; }}).map(i => i.src); }})()"""
            )
            want = read_basemap(str(tmp_path / "t.mbtiles"), SPAN)
            x, y = _tile_at(lon, lat, 12)
            assert json.loads(want.tiles)[f"12/{x}/{y}"] in src
        assert "底图：t.mbtiles" in page.inner_text(".credit")
        assert [r for r in page.requests if not r.startswith(("file:", "data:", "blob:"))] == []
        assert page.complaints == []


def policy(text: str) -> str:
    return re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]


def test_an_online_map_opens_the_policy_for_its_host_alone(zone, tmp_path):
    key = "0123456789abcdef0123456789abcdef"
    text = save_map(draw_zone(zone, basemap=f"tianditu:{key}"), tmp_path / "m.html").read_text(
        "utf-8"
    )
    assert re.search(r"img-src ([^;]*)", policy(text))[1] == "data: blob: https://*.tianditu.gov.cn"
    assert "connect-src 'none'" in policy(text)
    plain = save_map(draw_zone(zone), tmp_path / "p.html").read_text("utf-8")
    assert "http" not in policy(plain)


def test_tiles_of_an_online_map_are_asked_of_it_and_of_nobody_else(zone, tmp_path):
    file = save_map(
        draw_zone(zone, basemap="https://tiles.example.org/{z}/{x}/{y}.png"), tmp_path / "m.html"
    )
    with browser_page() as page:
        page.goto(file.as_uri())
        page.wait_for_timeout(500)
        asked = [r for r in page.requests if r.startswith("http")]
        assert asked
        assert all(r.startswith("https://tiles.example.org/") for r in asked)
        assert not any("Content Security" in said for said in page.complaints)


def test_tiles_in_gcj02_are_moved_onto_the_ground(zone, tmp_path):
    """The pixel of a tile that a provider draws for a place lies at that place, to a pixel at zoom 17."""
    url = "https://webrd01.is.autonavi.com/appmaptile?x={x}&y={y}&z={z}"
    atlas = draw_zone(zone, basemap=url)
    assert atlas.content["basemap"]["gcj"]
    assert not draw_zone(zone, basemap="https://a.example.org/{z}/{x}/{y}.png").content["basemap"][
        "gcj"
    ]
    with browser_page() as page:
        page.goto(save_map(atlas, tmp_path / "m.html").as_uri())
        for lat, lon in ((40.02, 116.34), (39.91, 116.40), (31.23, 121.47)):
            page.evaluate(f"atlasPage.map.setView([{lat}, {lon}], 17, {{animate: false}})")
            page.wait_for_timeout(200)
            rows = page.evaluate(
                """(() => { const p = atlasPage.map.latLngToContainerPoint(atlasPage.map.getCenter()), found = [];
                  atlasPage.map.eachLayer(l => { if (l.getTileUrl) for (const t of Object.values(l._tiles)) { const q = t.el.getBoundingClientRect();
                    if (p.x >= q.left && p.x < q.left + 256 && p.y >= q.top && p.y < q.top + 256) found.push([t.coords.x, t.coords.y, p.x - q.left, p.y - q.top]); } }); return found; })()"""
            )
            gcj_lon, gcj_lat = (float(v) for v in wgs84_to_gcj02(lon, lat))
            n = 256 * 2**17
            x = (gcj_lon + 180) / 360 * n
            y = (1 - np.arcsinh(np.tan(np.radians(gcj_lat))) / np.pi) / 2 * n
            assert any(
                abs(tx * 256 + dx - x) <= 1.5 and abs(ty * 256 + dy - y) <= 1.5
                for tx, ty, dx, dy in rows
            ), (rows, x / 256, y / 256)
