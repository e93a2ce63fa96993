"""The laws of the house that are a figure: what a program measures, by the name of the thing.

Each law of ``LAWS`` gives a figure per name and the most it may be; :mod:`tests.test_house` holds it.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "zgcgis"
Figures = dict[str, int]


@cache
def sources() -> dict[str, str]:
    """Every Python file of the package by its name below it."""
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
    }


@cache
def trees() -> dict[str, ast.Module]:
    return {name: ast.parse(text) for name, text in sources().items()}


@cache
def scripts() -> dict[str, list[str]]:
    """The lines of our own scripts: the modules of the page, not what is bundled from them."""
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8").splitlines()
        for path in sorted(PACKAGE.glob("maps/page/*.js"))
    }


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    is_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
    return body[1:] if is_text else body


def functions(node: ast.AST, within: str = "") -> Iterator[tuple[str, list[ast.stmt]]]:
    """Every function below `node`: its full name, and its body without the docstring."""
    for one in ast.iter_child_nodes(node):
        name = f"{within}{getattr(one, 'name', '')}"
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            yield name, without_docstring(one.body)
        named = isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        yield from functions(one, f"{name}." if named else within)


# --- size -----------------------------------------------------------------------------------------


def names_at_the_top() -> Figures:
    there = {name.split("/")[0].removesuffix(".py") for name in sources()} | {"resources"}
    return {"zgcgis": len({name for name in there if not name.startswith("__")})}


def modules_in_a_room() -> Figures:
    rooms = defaultdict(set)
    for name in sources():
        *folders, file = name.split("/")
        if folders:
            rooms["/".join(folders)] |= {file} - {"__init__.py"}
            rooms["/".join(folders[:-1])] |= {folders[-1]}
    rooms["intake"] -= {"sandbox"}
    figures = {room: len(held) for room, held in rooms.items() if room}
    figures["intake"] -= 2  # foreign files take twelve
    return figures


def modules_of_one_name() -> Figures:
    names = Counter(Path(name).stem for name in sources())
    names += Counter(Path(name).parent.name for name in sources() if name.endswith("/__init__.py"))
    return {name: count for name, count in names.items() if not name.startswith("__")}


def lines_of_a_module() -> Figures:
    python = {name: len(text.splitlines()) for name, text in sources().items()}
    return python | {name: len(lines) for name, lines in scripts().items()}


def lines_of_a_function() -> Figures:
    return {
        f"{file}::{name}": max(body[-1].end_lineno - body[0].lineno + 1 if body else 0, 0)
        for file, tree in trees().items()
        for name, body in functions(tree)
    }


_SCRIPT_FUNCTION = re.compile(r"^( *)(?!\(function)(?=.*(?:\bfunction\b|=>).*\{$)(.*)$")


def lines_of_a_script_function() -> Figures:
    """By the line it opens on; it ends where a line of the same indent closes the brace.

    A function that holds others is what a class is in Python: theirs are not its own lines.
    """
    figures: Figures = defaultdict(int)
    for file, lines in scripts().items():
        spans = {}
        for at, line in enumerate(lines):
            if match := _SCRIPT_FUNCTION.match(line):
                closing = re.compile(match[1] + r"[})\]]")
                end = next(
                    (n for n in range(at + 1, len(lines)) if closing.match(lines[n])), at + 1
                )
                named = re.search(r"function\s+(\w+)|(\w+)\s*[=:]", line)
                name = (named[1] or named[2]) if named else line.strip()[:40]
                spans[at, end] = f"{file}::{name}"
        for (at, end), name in spans.items():
            held = [(a, e) for a, e in spans if at < a and e <= end]
            own = set(range(at + 1, end)) - {n for a, e in held for n in range(a, e + 1)}
            figures[name] = max(figures[name], len(own))
    return figures


# --- one thing is written once --------------------------------------------------------------------


def places_of_one_body() -> Figures:
    """Functions that do the same to the letter, whatever they are called."""
    places = defaultdict(list)
    for file, tree in trees().items():
        for name, body in functions(tree):
            said = ast.dump(ast.Module(body, []))
            if len(said) > 150:  # shorter ones agree by chance
                places[said].append(f"{file}::{name}")
    return {there[0]: len(there) for there in places.values()}


def uses(pattern: str, home: str) -> Callable[[], Figures]:
    """How often each file but `home` says what `pattern` finds."""
    return lambda: {
        file: len(re.findall(pattern, text))
        for file, text in sources().items()
        if not re.match(home, file)
    }


def choices_of_a_language() -> Figures:
    """Comparisons with ``"zh"`` or ``"en"`` outside the one room that picks."""
    figures: Figures = Counter()
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and file != "language/safe_text.py":
                sides = [node.left, *node.comparators]
                figures[file] += any(
                    isinstance(one, ast.Constant) and one.value in {"zh", "en"} for one in sides
                )
    return figures


# --- what is added touches one file ---------------------------------------------------------------


def kinds() -> dict[str, tuple[set[str], str]]:
    """What grows: the names entered so far, and the files they are entered in."""
    from zgcgis import checks, cli, indicators, io, standards
    from zgcgis.intake import columns, formats, log

    def files_of(entries: dict[str, object]) -> str:
        found = {inspect.getsourcefile(one.func) for one in entries.values() if one.func}
        return "|".join(Path(file).relative_to(PACKAGE).as_posix() for file in found)

    own = {code: one for code, one in checks.RULES.items() if one.func}
    aliases = {alias for names in columns.resource()["columns"].values() for alias in names}
    return {
        "an indicator": (set(indicators.INDICATORS), files_of(indicators.INDICATORS)),
        "a rule of a zone": (set(own), files_of(own)),
        "a rule of reading": (set(log.ENDS), "resources"),
        "a zone": (set(io.SHIPPED) - {"sample"}, "data"),
        "an alias": (aliases, "resources"),
        "an edition": (set(standards.EDITIONS), "resources"),
        "a format": (set(formats.BY_SUFFIX), "intake/formats.py"),
        "a command": (set(cli.COMMANDS), "cli/(?!__init__)"),
    }


def files_that_list_all() -> Figures:
    """Files, beside those a thing is entered in, that name half of its kind or more."""
    said = {
        file: {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        for file, tree in trees().items()
    }
    return {
        kind: sum(
            2 * len(names & words) >= len(names) and not re.match(f"({home})", file)
            for file, words in said.items()
        )
        for kind, (names, home) in kinds().items()
    }


LAWS: dict[str, tuple[int, Callable[[], Figures]]] = {
    "names at the top": (22, names_at_the_top),
    "modules in a room": (10, modules_in_a_room),
    "modules of one name": (1, modules_of_one_name),
    "lines of a module": (600, lines_of_a_module),
    "lines of a function": (60, lines_of_a_function),
    "lines of a script's function": (60, lines_of_a_script_function),
    "places of one body": (1, places_of_one_body),
    "workbook writers": (0, uses(r"\bWorkbook\(", "io/spreadsheets")),
    "ways to make text safe": (
        0,
        uses(r"\b(html|saxutils|markupsafe)(\.| import )escape", "language/safe_text"),
    ),
    "choices of a language": (0, choices_of_a_language),
    "files that list all of a kind": (0, files_that_list_all),
}
