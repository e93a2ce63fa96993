"""The site has a page for every public room, and its sources name nothing that is not there."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
ROOMS = sorted(path.stem for path in (DOCS / "api").glob("*.md") if path.stem != "index")


def test_every_home_of_a_public_name_has_a_page():
    import zgcgis

    assert set(zgcgis._HOME.values()) <= set(ROOMS)
    assert all(import_module(f"zgcgis.{room}").__all__ for room in ROOMS)


def test_every_page_is_in_a_table_of_contents():
    listed = set()
    for page in DOCS.rglob("*.md"):
        for block in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            names = [re.sub(r".*<(.*)>", r"\1", line.strip()) for line in block.splitlines()]
            listed |= {
                (page.parent / name).resolve() for name in names if name[:1] not in ("", ":")
            }
    pages = [
        p for p in DOCS.rglob("*") if p.suffix in (".md", ".ipynb") and "_build" not in p.parts
    ]
    own = {p.with_suffix("") for p in pages if "examples" not in p.parts} - {DOCS / "index"}
    assert own == listed
