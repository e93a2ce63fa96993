"""What the system sees while hostile files are read: no connection, nothing opened outside."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from zgcgis.intake.sandbox.landlock import landlock_abi

pytestmark = pytest.mark.trace
FULL = os.environ.get("ZGCGIS_FULL") == "1"

spec = importlib.util.spec_from_file_location("corpus", Path(__file__).with_name("corpus.py"))
assert spec is not None
assert spec.loader is not None
corpus = sys.modules.setdefault("corpus", importlib.util.module_from_spec(spec))
spec.loader.exec_module(corpus)

CALL = re.compile(r"^(?:\[pid\s+)?(\d+)?\]?\s*(\w+)\((.*)\)\s+= (-?\d+)")
OPENED = re.compile(r'"((?:[^"\\]|\\.)*)", (O_\w+(?:\|O_\w+)*)')
SYSTEM = (
    "/usr/", "/lib", "/bin", "/proc/", "/sys/", "/dev/", "/etc/ld.so", "/etc/localtime",
    "/etc/nsswitch.conf", "/etc/ssl/openssl.cnf", "/etc/mime.types", "/etc/gdal",
)  # fmt: skip
CALLS = "trace=openat,open,creat,connect,sendto,socket,execve,landlock_restrict_self"
FILES = """
import sys
from click.testing import CliRunner
from zgcgis.cli.files import doctor
for path in sys.argv[1:]:
    answer = CliRunner().invoke(doctor, [path, "--json"])
    assert answer.exit_code in (0, 1, 2, 3), (path, answer.exception)
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Read the hostile files of the corpus under strace; return the calls, and the folders."""
    inputs = tmp_path_factory.mktemp("inputs")
    scratch = tmp_path_factory.mktemp("scratch")
    log = tmp_path_factory.mktemp("log") / "calls.txt"
    cases = corpus.hostile(inputs)
    if not FULL:
        cases = [
            c for c in cases if c.path.suffix in {".geojson", ".kml", ".gpkg", ".shp", ".xlsx"}
        ]
    paths = [str(c.path) for c in cases]
    paths += ["http://127.0.0.1:9/a.geojson", "/vsicurl/http://127.0.0.1:9/a.geojson"]
    environment = dict(os.environ, TMPDIR=str(scratch), PYTHONDONTWRITEBYTECODE="1")
    subprocess.run(
        ["strace", "-f", "-qq", "-s", "400", "-e", CALLS, "-o", str(log),
         sys.executable, "-c", FILES, *paths],
        env=environment, check=True, cwd=Path(__file__).parents[1], timeout=600,
    )  # fmt: skip
    return log.read_text(encoding="utf-8", errors="replace").splitlines(), inputs, scratch


def test_no_connection_is_made(seen):
    calls, _, _ = seen
    assert len([c for c in calls if "execve(" in c and "worker.py" in c]) >= 5  # GDAL did run
    made = [c for c in calls if re.search(r"\b(connect|sendto)\(", c) and "AF_UNIX" not in c]
    assert made == []
    sockets = [c for c in calls if "socket(" in c and re.search(r"AF_INET6?\b", c)]
    assert sockets == []


def test_every_child_shuts_its_folders_before_it_looks_at_its_file(seen):
    calls, _, scratch = seen
    began: dict[str, list[str]] = {}
    for call in calls:
        number = call.split()[0]
        if "execve(" in call and "worker.py" in call and call.rstrip().endswith("= 0"):
            began[number] = []
        elif number in began and ("landlock_restrict_self(" in call or "/data." in call):
            began[number].append(call)
    assert len(began) >= 5
    for calls_of_one in began.values():
        shut = [n for n, call in enumerate(calls_of_one) if "landlock_restrict_self(" in call]
        if not landlock_abi():
            assert shut == []
            continue
        assert shut[:1] == [0], calls_of_one[:3]
        assert any(str(scratch) in call for call in calls_of_one)


def test_nothing_is_opened_outside(seen):
    calls, inputs, scratch = seen
    allowed = (
        *SYSTEM, str(inputs), str(scratch), str(Path(__file__).parents[1]),
        sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix),
    )  # fmt: skip
    strange = []
    for call in calls:
        found = OPENED.search(call) if re.search(r"\bopen(at)?\(", call) else None
        if found is None or call.rstrip().endswith("(No such file or directory)"):
            continue
        path = found[1]
        if (
            path.startswith("/")
            and not path.startswith(allowed)
            and path not in {"/", str(Path.home())}
        ):
            strange.append(call)
    assert strange == []


def test_nothing_is_written_but_scratch(seen):
    calls, inputs, scratch = seen
    written = []
    for call in calls:
        found = OPENED.search(call) if re.search(r"\bopen(at)?\(", call) else None
        if found is None or not re.search(r"O_(WRONLY|RDWR|CREAT)", found[2]):
            continue
        path = found[1]
        if path.startswith("/") and not path.startswith((str(scratch), "/dev/", "/proc/")):
            written.append(call)
    assert [c for c in written if str(inputs) in c] == []
    assert written == []
    assert [path for path in scratch.rglob("*") if path.parent != scratch] == []


def test_the_file_that_references_name_is_never_opened(seen):
    calls, inputs, _ = seen
    secret = str(inputs / "secret.geojson")
    assert [c for c in calls if f'"{secret}"' in c and re.search(r"\bopen(at)?\(", c)] == []
    assert [c for c in calls if '"/etc/passwd"' in c and re.search(r"\bopen(at)?\(", c)] == []
