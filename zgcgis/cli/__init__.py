"""The command line: one command per verb, the zone first.

Every module of this room is loaded by itself and enters its commands; what a command needs it
imports when it runs, so that ``--help`` answers at once. Exit codes: 0 fine, 1 findings of severity error, 2 wrong usage, 3 input that cannot be
used, or a defect of the program.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pkgutil import iter_modules

import click

from ..language.errors import ZgcgisError
from ..language.safe_text import unlocked
from .console import COMMANDS, PARTS, Command, say, shown_streams, tell_warnings

__all__ = ["main"]

for _room in iter_modules(__path__):  # a module enters its commands when it is loaded
    import_module(f".{_room.name}", __name__)


class Group(Command, click.Group):
    """The commands, in the parts of the help."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for part, heading in PARTS.items():
            there = [one for one in COMMANDS.values() if one.part == part]
            with formatter.section(heading):
                formatter.write_dl([(str(one.name), one.short_help or "") for one in there])


@click.group(
    cls=Group,
    commands=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="zgcgis")
def cli() -> None:
    """一区多园空间布局与土地利用工具包。Spatial layout and land use of multi-park zones."""


def main(args: list[str] | None = None) -> None:
    """Run the command line with `args`, else those of the process.

    An error is one sentence and exit code 3; so is what nobody foresaw, and ``ZGCGIS_DEBUG=1``
    shows where it came from.
    """
    words = sys.argv[1:] if args is None else args
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console may not be able to say it all
            stream.reconfigure(errors="replace")
    with shown_streams():
        tell_warnings(_asked_language(words))
        code = _run(words)
        _say_open_doors(_asked_language(words))
        sys.exit(code)


def _say_open_doors(lang: str | None) -> None:
    """Say in one line which doors of the reader of foreign files this system could not shut."""
    reading = sys.modules.get(f"{__package__.rpartition('.')[0]}.intake.sandbox.process")
    doors = reading.OPEN_DOORS.values() if reading is not None else ()
    if doors:
        zh = f"本系统未能为读取程序关上：{'、'.join(zh for zh, _ in doors)}；其余限制仍然有效。"
        en = f"This system could not shut off the reader's {', '.join(en for _, en in doors)}."
        say({"zh": zh, "en": en}.get(lang or "", f"{zh} {en}"), err=True)


def _run(words: list[str]) -> int:
    try:
        cli.main(words, standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        say("已中止。Stopped.", err=True)
        return 130
    except click.ClickException as wrong:
        vars(wrong)["message"] = unlocked(wrong.message)
        wrong.show()
        return wrong.exit_code
    except ZgcgisError as error:
        lang = _asked_language(words)
        for line in (error.say(lang),) if lang else (error.zh, error.en):
            say(line, err=True)
        return 3
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        what = error.strerror or error
        say(f"文件无法读写{where}：{what}。请检查路径、权限和磁盘空间。", err=True)
        say(
            f"A file cannot be read or written{where}: {what}. "
            "Check path, permission and disk space.",
            err=True,
        )
        return 3
    except Exception as error:
        if os.environ.get("ZGCGIS_DEBUG") == "1":
            raise
        _say_unforeseen(words, error)
        return 3
    return 0


def _say_unforeseen(words: list[str], error: Exception) -> None:
    """Say what nobody foresaw: the command, what it was given, and how to report it."""
    command = " ".join(["zgcgis", *words])
    kind, detail = type(error).__name__, str(error).splitlines()
    said = f"{kind}: {detail[0][:200]}" if detail else kind
    say(
        f"程序没有预料到的情况：{command} 时发生 {said}。这是程序的缺陷，结果不可用。"
        "请设环境变量 ZGCGIS_DEBUG=1 重新运行，把全部输出和所用文件报告给本项目的维护者（Issues）。",
        err=True,
    )
    say(
        f"Unforeseen: {said} in {command}. This is a defect of the program; there is no result. "
        "Run it again with ZGCGIS_DEBUG=1 and report all it prints, with the files, to the "
        "project (Issues).",
        err=True,
    )


def _asked_language(words: list[str]) -> str | None:
    for i, word in enumerate(words):
        if word == "--lang" and i + 1 < len(words):
            return words[i + 1]
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
    return os.environ.get("ZGCGIS_LANG")
