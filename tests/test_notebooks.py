"""The notebooks of the site run, and say what stands beneath their cells."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
BOOKS = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def test_there_is_one_for_each_user():
    assert {"official", "planner", "analyst"} <= set(BOOKS)


@pytest.mark.parametrize("name", BOOKS)
def test_a_notebook_runs_and_says_what_stands_there(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 4
    known: dict[str, object] = {}
    for cell in code:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec("".join(cell["source"]), known)
        stored = "".join("".join(output["text"]) for output in cell["outputs"])
        assert said.getvalue() == stored, "".join(cell["source"])
