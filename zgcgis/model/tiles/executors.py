"""Who does the tiles: this process, a pool of processes, or a cluster.

A tile shares nothing with another, so one whose process died is simply done again. Where there is
less to do than pays to cut, half of it may be done in a copy of this process.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    CancelledError,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import current_process, get_context
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar, cast

from ...geo.rings import processors
from ...language.errors import ZgcgisError
from ...language.safe_text import well_formed
from ...runs import die_with_parent, end_with_pool

__all__ = ["TILE_FROM", "Numbered", "Run", "beside", "here", "on_cluster", "pool", "runner_for"]

TILE_FROM = 500_000
"""Features from which tiles pay; below, one process is faster."""

COPY_FROM = 20_000
"""Features from which a copy of this process pays: it takes some tens of milliseconds. From
:data:`TILE_FROM` on a copy would take more memory than it may, and tiles do the work."""

T = TypeVar("T")

_TRIES = 3
_ANSWER_S = 5.0
_WORKERS_S = 60.0  # a cluster that grows with its work needs a moment
_LAST_PORT = 65_535
_ADDRESS = re.compile(r"(?:[a-z]+://)?(?:[\w.-]+|\[[0-9a-f:.]+\]):(?P<port>[0-9]{1,5})")


class Numbered(Protocol):
    """A tile, or what a tile was made into, by which number tells which one."""

    @property
    def number(self) -> int: ...  # noqa: D102


Run = Callable[[Callable[[Any], Any], Sequence[Any]], Iterator[Any]]
"""Does tiles by a function, and gives what they are made into in any order."""


def here(do: Callable[[Any], Any], tiles: Sequence[Any]) -> Iterator[Any]:
    """Do tiles in this process."""
    return map(do, tiles)


@contextmanager
def runner_for(features: int, address: str | None = None) -> Iterator[Run | None]:
    """Choose who does tiles: a cluster if one is given, a pool if there is much; None: nobody."""
    if address is not None:
        with on_cluster(address) as run:
            yield run
        return
    yield pool() if features >= TILE_FROM and processors() > 1 else None


@contextmanager
def beside(work: Callable[[], T], features: int) -> Iterator[Callable[[], T]]:
    """Do work in a copy of this process while the block does something else.

    The copy has all that is in memory without having read it. It may only reckon: what it
    keeps or changes is lost with it; its warnings are given here. Where a process cannot be
    copied, where there is one processor, too little or too much to do, and where the copy fails,
    the work is done by who asks.

    Parameters
    ----------
    work
        What to do; its result is sent from process to process.
    features
        How many features it is about.

    Yields
    ------
    result
        Waits for the work and returns its result; what the work raises is raised then.
    """
    worth = COPY_FROM <= features < TILE_FROM and processors() > 1
    if not worth or not _can_be_copied():
        yield work
        return
    copies = get_context("fork")
    reader, writer = copies.Pipe(duplex=False)
    copy = copies.Process(target=_answer, args=(work, writer), daemon=False)
    with warnings.catch_warnings():  # of threads, of which the copy has none
        warnings.simplefilter("ignore", DeprecationWarning)
        copy.start()
    writer.close()

    def result() -> T:
        try:
            found, said = cast("tuple[T, list[Warning]]", reader.recv())
        except (EOFError, OSError):
            return work()
        for warning in said:
            warnings.warn(warning, stacklevel=3)
        return found

    try:
        yield result
    finally:
        reader.close()
        copy.kill()
        copy.join()


def _can_be_copied() -> bool:
    """Whether this is a system, and a thread, of which a copy goes on as the process did."""
    at_home = threading.current_thread() is threading.main_thread()
    return at_home and sys.platform.startswith("linux") and not current_process().daemon


def _answer(work: Callable[[], Any], writer: Connection) -> None:
    """Do work in the copy and tell its result; where it fails nothing is told."""
    die_with_parent()
    with suppress(BaseException), warnings.catch_warnings(record=True) as warned:
        found = work()
        writer.send((found, [one.message for one in warned]))


def pool(workers: int | None = None) -> Run:
    """Do tiles in a pool of processes; a tile whose process died is done again, up to 3 times."""
    size = workers or processors()

    def run(do: Callable[[Any], Any], tiles: Sequence[Any]) -> Iterator[Any]:
        left = {tile.number: tile for tile in tiles}
        for _ in range(_TRIES):
            yield from _once(do, left, size)
            if not left:
                return
        _give_up(sorted(left))

    return run


def _once(do: Callable[[Any], Any], left: dict[int, Any], size: int) -> Iterator[Any]:
    """Do the tiles that are left, and leave those that failed."""
    with ProcessPoolExecutor(
        size, mp_context=get_context("spawn"), initializer=end_with_pool
    ) as processes:
        futures = [processes.submit(do, tile) for tile in left.values()]
        for future in as_completed(futures):
            try:
                done = future.result()
            except (BrokenProcessPool, OSError, MemoryError):
                continue  # the process died or could not breathe: the tile is left
            del left[done.number]
            yield done


def _give_up(numbers: list[int]) -> None:
    raise ZgcgisError(
        f"{len(numbers)} 个分块重做 {_TRIES} 次仍失败：{numbers[:5]}。请减少进程数或增加内存。",
        f"{len(numbers)} tile(s) failed {_TRIES} times: {numbers[:5]}. "
        "Use fewer processes or more memory.",
    )


@contextmanager
def on_cluster(address: str) -> Iterator[Run]:
    """Do tiles on a ``dask.distributed`` cluster, given by the address of its scheduler.

    Needs the extra ``[dask]``. Workers must have zgcgis and see the folder of the tiles.

    Raises
    ------
    ZgcgisError
        If it is no address, nothing there answers as a scheduler does, no worker comes, or the
        cluster is lost on the way. Nothing is waited for without end.
    """
    _refuse_address(address)
    try:
        from distributed import Client, KilledWorker
    except ModuleNotFoundError as missing:
        raise ZgcgisError(
            "使用 --dask 需要安装 zgcgis[dask]。",
            "--dask needs the extra: pip install 'zgcgis[dask]'.",
        ) from missing
    from distributed import as_completed as each

    client = _client_of(address, Client)

    def run(do: Callable[[Any], Any], tiles: Sequence[Any]) -> Iterator[Any]:
        futures = client.map(do, tiles, retries=_TRIES - 1, pure=False)
        _await_workers(address, client)
        try:
            for future in each(futures, loop=client.loop):
                yield future.result()
                future.release()
        except KilledWorker:
            _give_up([tile.number for tile in tiles])
        except CancelledError as error:
            raise _no_cluster(address, "量算途中失去联系", "it was lost on the way") from error
        except OSError as error:
            raise _no_cluster(
                address,
                f"有分块未能完成（{error}），各工作进程须能访问分块所在的文件夹",
                f"a tile was not done ({error}), its workers must see the folder of the tiles",
            ) from error

    try:
        yield run
    finally:
        client.close()


def _refuse_address(address: str) -> None:
    found = _ADDRESS.fullmatch(address)
    if found is None or not 1 <= int(found["port"]) <= _LAST_PORT:
        raise _no_cluster(
            address,
            "它不是地址，应形如 tcp://主机:8786",
            "it is no address; one looks like tcp://host:8786",
        )


def _client_of(address: str, client: type[Any]) -> Any:
    """Return a client of a scheduler that was seen to answer; the library waits for ever for one."""

    async def greet() -> None:
        greeting = client(address, timeout=_ANSWER_S, set_as_default=False, asynchronous=True)
        try:
            await asyncio.wait_for(greeting, _ANSWER_S)
        finally:
            with suppress(TimeoutError, OSError, asyncio.CancelledError):
                await asyncio.wait_for(greeting.close(), _ANSWER_S)

    try:
        with ThreadPoolExecutor(1) as thread:  # whoever calls may be in a loop of their own
            thread.submit(asyncio.run, greet()).result()
        return client(address, timeout=_ANSWER_S, set_as_default=False)
    except TimeoutError as error:
        raise _no_cluster(
            address,
            f"{_ANSWER_S:g} 秒内没有调度器应答",
            f"no scheduler answered within {_ANSWER_S:g} s",
        ) from error
    except Exception as error:  # whatever a stranger at that port may answer
        raise _no_cluster(
            address, f"那里没有调度器应答（{error}）", f"no scheduler answers there ({error})"
        ) from error


def _await_workers(address: str, client: Any) -> None:
    try:
        client.wait_for_workers(1, timeout=_WORKERS_S)
    except (OSError, CancelledError) as error:
        raise _no_cluster(
            address,
            f"{_WORKERS_S:g} 秒内没有工作进程加入，请先启动 dask worker",
            f"no worker joined within {_WORKERS_S:g} s; start one with dask worker",
        ) from error


def _no_cluster(address: str, zh: str, en: str) -> ZgcgisError:
    shown = re.sub("//[^/@]*@", "//***@", well_formed(address))  # a password may stand there
    return ZgcgisError(
        f"无法使用 dask 调度器“{shown}”：{zh}。请核对 --dask 的地址，或不用 --dask 在本机量算。",
        f"the dask scheduler {shown!r} cannot be used: {en}. "
        "Check the address after --dask, or measure here without --dask.",
    )
