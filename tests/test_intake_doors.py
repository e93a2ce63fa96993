"""The child's folders are shut: it reads what it needs, writes in its own folder, and no more."""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zgcgis.intake.examine import examine
from zgcgis.intake.formats import BY_SUFFIX, FORMATS
from zgcgis.intake.layer import Options
from zgcgis.intake.sandbox import landlock as doors
from zgcgis.intake.sandbox import process as guard
from zgcgis.intake.sandbox.process import _environment, run_child

spec = importlib.util.spec_from_file_location("corpus", Path(__file__).with_name("corpus.py"))
assert spec is not None
assert spec.loader is not None
corpus = sys.modules.setdefault("corpus", importlib.util.module_from_spec(spec))
spec.loader.exec_module(corpus)

FULL = os.environ.get("ZGCGIS_FULL") == "1"
CHILD = Path(doors.__file__).with_name("worker.py")

# The child itself, but for its job: it tries every door and says what became of each try.
BURGLAR = """
import importlib.util, json, os, socket, sys
spec = importlib.util.spec_from_file_location("child", sys.argv[2])
child = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)

def tried(action):
    try:
        action()
    except OSError as problem:
        return type(problem).__name__
    return "done"

def work(job, out):
    canary, outside = job["canary"], job["outside"]
    import encodings.cp437, zoneinfo  # of the interpreter, and still to be had
    own = {
        "own": tried(lambda: open(os.path.join(job["work"], "own"), "w").write("x")),
        "own read": tried(lambda: open(os.path.join(job["work"], "own")).read()),
    }
    if not job["offered"]:
        return own
    return own | {
        "read": tried(lambda: open(canary).read()),
        "list": tried(lambda: os.listdir(outside)),
        "write": tried(lambda: open(os.path.join(outside, "new"), "w")),
        "append": tried(lambda: open(canary, "a")),
        "truncate": tried(lambda: os.truncate(canary, 0)),
        "rename": tried(lambda: os.rename(canary, os.path.join(job["work"], "x"))),
        "link": tried(lambda: os.link(canary, os.path.join(job["work"], "y"))),
        "remove": tried(lambda: os.unlink(canary)),
        "folder": tried(lambda: os.mkdir(os.path.join(outside, "folder"))),
        "home": tried(lambda: os.listdir(os.path.expanduser("~"))),
        "passwords": tried(lambda: open("/etc/passwd").read()),
        "others": tried(lambda: open(f"/proc/{os.getppid()}/environ").read()),
        "signal": tried(lambda: os.kill(os.getppid(), 0)),
        "run": tried(lambda: os.execv("/bin/true", ["/bin/true"])),
    }

child.work = work
sys.exit(child.main())
"""
SHUT = {
    "read", "list", "write", "append", "truncate", "rename", "link", "remove", "folder", "home",
    "passwords", "others", "signal", "run",
}  # fmt: skip


def offered():
    """Ask the kernel itself which Landlock it has; nothing of the package is asked."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None, use_errno=True).syscall(444, None, 0, 1))


def burgle(folder, form):
    """Let a child with the job of a burglar run; return what it could do."""
    outside, room = folder / "outside", folder / "work"
    for place in (outside, room):
        place.mkdir(exist_ok=True)
    canary = outside / "canary.txt"
    canary.write_text("secret", encoding="utf-8")
    job = {
        "container": form.container, "driver": form.driver, "path": str(room / "a"), "out": str(room),
        "work": str(room), "layer": None, "memory_bytes": 4 << 30, "seconds": 60, "most_bytes": 1 << 30,
        "canary": str(canary), "outside": str(outside), "offered": offered(),
    }  # fmt: skip
    order = room / "job.json"
    order.write_text(json.dumps(job), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-I", "-B", "-c", BURGLAR, str(order), str(CHILD)],
        check=True, cwd=room, timeout=120, env=_environment(form, room, None),
    )  # fmt: skip
    return json.loads((room / "facts.json").read_text(encoding="utf-8")), outside, canary


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".xlsx"])
def test_a_child_that_turns_against_us_reads_and_writes_nothing_outside(tmp_path, suffix):
    told, outside, canary = burgle(tmp_path, BY_SUFFIX[suffix])
    assert told["own"] == told["own read"] == "done"
    abi = offered()
    if not abi:
        assert [door for door in told["doors"] if door.startswith("no Landlock")]
        return
    assert f"Landlock {abi}" in told["doors"]
    shut = SHUT if abi >= 6 else SHUT - {"signal"}
    shut = shut if abi >= 3 else shut - {"truncate"}
    answers = {name: told[name] for name in sorted(shut)}
    # moving out of an outside folder is told as the other device that it seems to be
    assert answers.pop("rename") in {"PermissionError", "OSError"}
    assert answers.pop("link") in {"PermissionError", "OSError"}
    assert set(answers.values()) == {"PermissionError"}, answers
    assert canary.read_text(encoding="utf-8") == "secret"
    assert [p.name for p in outside.iterdir()] == ["canary.txt"]


def every_format(folder):
    """Lay out one clean file of each format; return their paths, with the options they need."""
    frame = corpus.parcels()
    gk = frame.to_crs(4548)
    table = frame.drop(columns="geometry")
    frame.to_parquet(folder / "a.parquet")
    table.to_excel(folder / "a.xlsx", index=False)
    kml = frame[["宗地代码", "geometry"]].rename(columns={"宗地代码": "Name"})
    return [
        (corpus.save(gk, folder / "a.shp", encoding="GBK"), {}),
        (corpus.save(frame, folder / "a.gpkg"), {}),
        (corpus.save(frame, folder / "a.geojson"), {}),
        (corpus.save(gk, folder / "a.gdb", driver="OpenFileGDB"), {}),
        (corpus.save(kml, folder / "a.kml", driver="LIBKML"), {"rename": {"Name": "id"}}),
        (corpus.save(gk[["geometry"]], folder / "a.dxf", driver="DXF"), {"crs": "EPSG:4548"}),
        (corpus.save(frame, folder / "a.fgb", driver="FlatGeobuf"), {}),
        (folder / "a.parquet", {}),
        (folder / "a.xlsx", {}),
    ]


def test_every_format_is_still_read_behind_shut_doors(tmp_path):
    for path, options in every_format(tmp_path):
        (report,) = examine(path, options=Options(**options), level="parcel")
        assert report.outcome in {"accept", "finding"}, (path.name, str(report.refusal))
        assert report.layers[0].log.counts["used"] == 12


def test_the_child_says_which_doors_are_shut(tmp_path):
    room = tmp_path / "work"
    room.mkdir()
    path = room / "a.parquet"
    corpus.parcels().to_parquet(path)
    told = run_child(BY_SUFFIX[".parquet"], path, room, size=path.stat().st_size)["doors"]
    abi = offered()
    assert (f"Landlock {abi}" in told) if abi else told[-1].startswith("no Landlock")
    assert doors.landlock_abi() == abi


def test_a_system_without_landlock_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(doors, "landlock_abi", lambda: 0)
    assert doors.shut_folders(tmp_path, []).startswith("no Landlock")


def test_what_is_left_open_holds_nothing_of_the_user():
    left = doors.needed_folders()
    home, here = Path.home(), Path.cwd()
    for folder in left:
        assert folder not in {home, here, Path("/"), Path("/usr"), Path("/etc"), Path("/proc")}
        assert folder not in home.parents


@pytest.mark.trace
@pytest.mark.parametrize(
    "refused", ["unshare", "landlock_create_ruleset", "landlock_restrict_self"]
)
def test_a_system_that_refuses_one_door_still_reads_every_format(tmp_path, refused):
    """Containers often refuse namespaces, and old kernels have no Landlock."""
    files = every_format(tmp_path)
    code = (
        "import json, sys\n"
        "from zgcgis.intake import Options, examine\n"
        "for path, options in json.load(sys.stdin):\n"
        "    (report,) = examine(path, options=Options(**options), level='parcel')\n"
        "    assert report.outcome in ('accept', 'finding'), (path, str(report.refusal))\n"
    )
    files = files if FULL else files[:2] + files[-2:]
    subprocess.run(
        ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={refused}",
         "-e", f"inject={refused}:error=EPERM", sys.executable, "-c", code],
        input=json.dumps([(str(path), options) for path, options in files]),
        check=True, text=True, cwd=Path(__file__).parents[1], timeout=300,
    )  # fmt: skip


def test_every_driver_of_this_gdal_but_one_is_left_out(tmp_path):
    import pyogrio

    for form in FORMATS:
        skipped = set(_environment(form, tmp_path, None)["OGR_SKIP"].split(","))
        assert set(pyogrio.list_drivers()) - skipped == {form.driver} - {""}


def test_a_driver_that_could_not_be_left_out_stops_the_reader_not_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "every_driver", lambda: ("GeoJSON", "KML"))
    path = corpus.save(corpus.parcels(), tmp_path / "a.gpkg")
    (report,) = examine(path, level="parcel")
    assert report.refusal.rule == "R450"


def test_an_environment_that_lacks_a_package_is_not_blamed_on_the_file(tmp_path, monkeypatch):
    path = corpus.save(corpus.parcels(), tmp_path / "a.gpkg")
    broken = tmp_path / "broken" / "pyarrow"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('no such library')", encoding="utf-8")
    monkeypatch.setattr(guard, "package_folders", lambda: [str(broken.parent)])
    (report,) = examine(path, level="parcel")
    assert report.refusal.rule == "R450"
    assert "no such library" in report.refusal.en
    monkeypatch.setattr(guard.sys, "executable", str(tmp_path / "no-python"))
    (report,) = examine(path, level="parcel")
    assert report.refusal.rule == "R450"


@pytest.mark.parametrize("way", ["user site", "target"])
def test_packages_outside_the_interpreter_reach_the_child(tmp_path, way):
    """Packages installed with --user or --target; the interpreter itself has none."""
    site = next(Path(entry) for entry in sys.path if entry.endswith("site-packages"))
    home = tmp_path / "home"
    tag = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    user = home / ".local" / "lib" / tag / "site-packages"
    place = user if way == "user site" else tmp_path / "vendored"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.mkdir()
    for entry in site.iterdir():
        if not entry.name.startswith(("_", "zgcgis")) and entry.suffix != ".pth":
            (place / entry.name).symlink_to(entry)
    (place / "zgcgis").symlink_to(Path(doors.__file__).parents[2])
    path = corpus.save(corpus.parcels(), tmp_path / "a.gpkg")
    bare = os.path.realpath(sys.executable)
    code = (
        "import sys\n"
        "from zgcgis.intake.examine import examine\n"
        "(report,) = examine(sys.argv[1], level='parcel')\n"
        "print(report.outcome, report.refusal)\n"
    )
    said = subprocess.run(
        [bare, "-c", code, str(path)], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={"HOME": str(home), "PATH": os.environ["PATH"],
             **({"PYTHONPATH": str(place)} if way == "target" else {})},
    ).stdout  # fmt: skip
    assert said.split()[0] == "accept", said


def test_the_current_folder_never_reaches_the_child(tmp_path, monkeypatch):
    (tmp_path / "certifi").mkdir()
    (tmp_path / "certifi" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "certifi", raising=False)
    assert str(tmp_path) not in guard.package_folders()


def test_what_could_not_be_shut_is_said(tmp_path):
    assert doors.left_open(["RLIMIT_AS", "network namespace", "Landlock 4"]) == {}
    assert set(doors.left_open(["RLIMIT_AS", "no Landlock: not offered"])) == {"network", "folders"}
    assert set(doors.left_open([])) == {"network", "limits"}


def test_the_environment_and_every_command_say_which_doors_stay_open(monkeypatch, capsys):
    from zgcgis import cli

    shut = doors.try_doors()
    assert any("Landlock" in door for door in shut)
    monkeypatch.setattr(guard, "OPEN_DOORS", {"network": ("网络命名空间", "network namespace")})
    with pytest.raises(SystemExit):
        cli.main(["env", "--json"])
    told = capsys.readouterr()
    assert "reader shut off" in json.loads(told.out)
    assert told.err.count("network namespace") == 1
    assert len(told.err.strip().splitlines()) == 1
