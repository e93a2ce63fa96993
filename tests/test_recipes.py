"""The recipes of CONTRIBUTING.md, each followed to the letter on a copy of the checkout."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "CONTRIBUTING.md"
KEPT = ("zgcgis", "data", "seeds", "tests", "docs", "pyproject.toml")
WORDS = {"no": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
STEP = re.compile(
    r"^\*\*(?P<do>Write|Append to|Change|Run)(?: `(?P<path>[^`]+)`)?:\*\*\n\n"
    r"```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass
class Recipe:
    """What one section of the page says to do."""

    name: str
    touches: int
    steps: list[re.Match[str]] = field(default_factory=list)


def recipes() -> dict[str, Recipe]:
    text = PAGE.read_text(encoding="utf-8").split("\n## Recipes\n")[1]
    found = {}
    for section in text.split("\n### To add ")[1:]:
        title = section.splitlines()[0]
        touches = re.search(r"^Touches (\w+) source files?[.,]", section, re.MULTILINE)
        assert touches, f"the recipe for {title} does not say how many source files it touches"
        name = title.split()[1]
        found[name] = Recipe(name, WORDS[touches[1]], list(STEP.finditer(section)))
    return found


RECIPES = recipes()


def test_there_is_a_recipe_for_everything_that_is_added():
    assert set(RECIPES) == {"zone", "indicator", "rule", "alias", "edition", "command", "format"}


def test_every_block_of_a_recipe_is_a_step():
    text = PAGE.read_text(encoding="utf-8").split("\n## Recipes\n")[1]
    steps = [step for recipe in RECIPES.values() for step in recipe.steps]
    assert text.count("\n```") == 2 * len(steps)
    assert all(
        step["language"] == {"Run": "console", "Change": "diff"}.get(step["do"], step["language"])
        for step in steps
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the checkout that has the zone of the first recipe."""
    copy = tmp_path_factory.mktemp("recipes") / "checkout"
    copy.mkdir()
    away = shutil.ignore_patterns("images", "published", "benchmarks", "*.part")
    for name in KEPT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=away)
        else:
            shutil.copy2(ROOT / name, copy / name)
    follow(RECIPES["zone"], copy)
    return copy


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "zone"])
def test_a_recipe_works_and_touches_as_many_files_as_it_says(name, checkout):
    before = sources(checkout)
    follow(RECIPES[name], checkout)
    after = sources(checkout)
    touched = sorted(path for path in after if after[path] != before.get(path))
    assert len([path for path in touched if path.startswith("zgcgis/")]) == RECIPES[name].touches


def test_a_zone_touches_no_source_file(checkout):
    new = sources(checkout).keys() - sources(ROOT).keys()
    assert {path.split("/")[1] for path in new if path.startswith("data/")} == {"practice"}
    assert RECIPES["zone"].touches == 0


def sources(folder: Path) -> dict[str, str]:
    """Hash every file that is kept in git in the end, but those that programs make."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for top in ("zgcgis", "data")
        for path in sorted((folder / top).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def follow(recipe: Recipe, folder: Path) -> None:
    for step in recipe.steps:
        if step["do"] == "Run":
            run(step["text"], folder)
            continue
        target = folder / step["path"]
        if step["do"] == "Write":
            assert not target.exists(), f"{step['path']} is there already"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(step["text"], encoding="utf-8", newline="\n")
            continue
        text = target.read_text(encoding="utf-8")
        if step["do"] == "Append to":
            text = text.rstrip("\n") + "\n\n\n" + step["text"]
        else:
            text = changed(text, step)
        target.write_text(text, encoding="utf-8", newline="\n")


def changed(text: str, step: re.Match[str]) -> str:
    """Apply the lines of a diff block to the one place of a file that they fit."""
    lines = step["text"].splitlines()
    old = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
    new = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
    count = f"\n{text}".count(f"\n{old}")
    assert count == 1, f"{step['path']}: these lines stand there {count} times, not once:\n{old}"
    return f"\n{text}".replace(f"\n{old}", f"\n{new}")[1:]


def run(transcript: str, folder: Path) -> None:
    """Run the commands of a console block and find the lines below each in what it prints."""
    for part in re.split(r"^\$ ", transcript, flags=re.MULTILINE)[1:]:
        command, *expected = part.splitlines()
        words = shlex.split(command)
        into = words[words.index(">") + 1] if ">" in words else None
        words = words[: words.index(">")] if into else words
        head = {
            "zgcgis": [sys.executable, "-m", "zgcgis"],
            "python": [sys.executable],
            "pytest": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        }[words[0]]
        done = subprocess.run(
            [*head, *words[1:]],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(folder), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        if into:
            (folder / into).write_text(done.stdout, encoding="utf-8", newline="\n")
        for line in expected:
            pattern = ".*".join(re.escape(word.strip()) for word in line.split("…"))
            assert re.search(pattern, done.stdout + done.stderr), (
                f"$ {command}\nexpected: {line}\nprinted:\n{done.stdout}{done.stderr}"
            )
