"""A PostgreSQL server: its address, how long it is waited for, and what is said when it fails.

A password is never part of a message, and what a server says is shown on one line.
"""

from __future__ import annotations

import contextlib
import math
import re
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

from ...language.errors import ReadError, WriteError, ZgcgisError, ZgcgisWarning
from ...language.safe_text import one_line

__all__ = ["heard", "is_store", "sqlalchemy", "transaction", "url_of"]

_CONNECT_S = 10
_WAY_OUT = "Check the address, the user, the password (~/.pgpass or PGPASSWORD) and the rights."
_GRACE_S = 10.0  # beyond the time after which the server itself gives up a statement
_LONGEST_MS = 2**31 - 1
_MIGHTY = ("pg_execute_server_program", "pg_read_server_files", "pg_write_server_files")


def sqlalchemy() -> Any:
    """Return SQLAlchemy, or say what to install."""
    try:
        import psycopg  # noqa: F401
        import sqlalchemy
    except ModuleNotFoundError as missing:
        raise ZgcgisError(
            f"读写 PostGIS 需要 {missing.name}：请运行 pip install 'zgcgis[postgis]'。",
            f"PostGIS needs {missing.name}: run pip install 'zgcgis[postgis]'.",
        ) from None
    return sqlalchemy


@contextlib.contextmanager
def transaction(
    address: str, timeout_s: float, *, fails_as: type[ReadError] | type[WriteError]
) -> Iterator[Any]:
    """Open one transaction; reading, it sees one moment and cannot write.

    Parameters
    ----------
    address
        ``postgresql://user@host:5432/database``.
    timeout_s
        Seconds after which the server gives up a statement; soon after, we hang up.
    fails_as
        What the server's and the driver's complaints become.
    """
    sa = sqlalchemy()
    limit = _limit(timeout_s, fails_as)
    with (
        _failing_as(fails_as, address),
        _connected(address) as connection,
        connection.begin(),
        _watched(connection, timeout_s + _GRACE_S),
    ):
        if fails_as is ReadError:
            words = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
            connection.execute(sa.text(words))
        for setting in ("statement_timeout", "lock_timeout"):
            query = sa.text("SELECT set_config(:setting, :limit, true)")
            connection.execute(query, {"setting": setting, "limit": limit})
        if fails_as is ReadError:
            _warn_of_might(connection)
        yield connection


def is_store(name: object) -> bool:
    """Whether a name is the address of a database and no path."""
    return isinstance(name, str) and re.match(r"postgres(ql)?(\+\w+)?://", name) is not None


def heard(connection: Any) -> None:
    """Note that the server has answered: it is waited for again from now on."""
    connection.info["watch"].heard()


def url_of(address: str) -> Any:
    """Return the address as the driver takes it."""
    sa = sqlalchemy()
    try:
        url = sa.make_url(address)
        str(address).encode()
    except (sa.exc.ArgumentError, ValueError):
        url = None  # the sentence shall not repeat what may hold a password
    if (
        "\0" in str(address)
        or url is None
        or url.get_backend_name() != "postgresql"
        or not url.database
    ):
        raise ReadError(
            "数据库地址应形如 postgresql://用户@主机:5432/数据库。",
            "the address of a database should look like postgresql://user@host:5432/database.",
        )
    return url.set(drivername="postgresql+psycopg")


def _limit(timeout_s: float, fails_as: type[ReadError] | type[WriteError]) -> str:
    if not timeout_s > 0:
        raise fails_as(
            f"timeout_s 应为大于 0 的秒数，现为 {timeout_s}。",
            f"timeout_s should be a number of seconds above 0; it is {timeout_s}.",
        )
    return f"{math.ceil(min(timeout_s * 1000, _LONGEST_MS))}ms"


def _warn_of_might(connection: Any) -> None:
    """Warn that what views run may do anything: a transaction that cannot write stops no program."""
    sql = """
        SELECT current_user, string_agg(rolname, ', ' ORDER BY rolname) FROM pg_catalog.pg_roles
        WHERE (rolsuper OR rolname = ANY(:mighty)) AND pg_has_role(current_user, oid, 'MEMBER')
    """
    words = {"mighty": list(_MIGHTY)}
    user, roles = connection.execute(sqlalchemy().text(sql).bindparams(**words)).one()
    if roles is not None:
        held_zh, held_en = (
            ("超级用户", "a superuser") if user in roles.split(", ") else (roles, roles)
        )
        held_en = held_en if held_en == "a superuser" else f"a member of {held_en}"
        text = (
            f"以 {one_line(user)}（{held_zh}）读取数据库：视图中的函数以读取者的权限运行，可在服务器上"
            "读写文件、运行程序。请改用只能 SELECT 的用户。\n"
            f"Reading as {one_line(user)}, {held_en}: functions in views run with the rights of "
            "the reader, who may use files and programs of the server. Read as a user who may "
            "only SELECT."
        )
        warnings.warn(text, ZgcgisWarning, stacklevel=7)


def _place(url: Any) -> str:
    """Where a server is, for messages: neither user nor password nor options."""
    port = f":{url.port}" if url.port else ""
    return f"{url.host or url.query.get('host', 'localhost')}{port}/{url.database}"


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    sa = sqlalchemy()
    engine = sa.create_engine(
        url_of(address),
        poolclass=sa.pool.NullPool,
        connect_args={
            "connect_timeout": _CONNECT_S,
            "application_name": "zgcgis",
            "client_encoding": "UTF8",
        },
        hide_parameters=True,
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextlib.contextmanager
def _failing_as(kind: type[ReadError] | type[WriteError], address: str) -> Iterator[None]:
    """Turn what the server or the driver says into one sentence without the password."""
    sa = sqlalchemy()
    import psycopg

    url = url_of(address)
    try:
        yield
    except (sa.exc.SQLAlchemyError, psycopg.Error, UnicodeError, OSError) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        reason = one_line(said[0]) if said else type(error).__name__
        for secret in (url.password, url.query.get("password")):
            if secret:
                reason = reason.replace(str(secret), "***")
        done_zh = "读不出来" if kind is ReadError else "未写入任何内容"
        done_en = "cannot be read" if kind is ReadError else "was not written to"
        place = one_line(_place(url))
        sentence = (
            f"数据库 {place} {done_zh}：{reason}。请核对地址、用户、密码（~/.pgpass 或 PGPASSWORD）和权限。",
            f"the database {place} {done_en}: {reason}. {_WAY_OUT}",
        )
    else:
        return
    raise kind(*sentence)


# --- a server that falls silent ------------------------------------------------------------


class _Watch:
    """Hang up on a server that is not heard of in time; its own limits it may not keep."""

    def __init__(self, line: Any, seconds: float) -> None:
        self.line, self.seconds, self.fired = line, seconds, False
        self.done = threading.Event()
        self.heard()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def heard(self) -> None:
        self.until = time.monotonic() + self.seconds

    def _run(self) -> None:
        while (left := self.until - time.monotonic()) > 0:
            if self.done.wait(min(left, threading.TIMEOUT_MAX)):
                return
        self.fired = True
        with (
            contextlib.suppress(OSError),
            socket.socket(fileno=socket.dup(self.line.socket)) as end,
        ):
            end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _watched(connection: Any, seconds: float) -> Iterator[None]:
    import psycopg

    watch = _Watch(connection.connection.driver_connection.pgconn, seconds)
    connection.info["watch"] = watch
    try:
        yield
    except (sqlalchemy().exc.SQLAlchemyError, psycopg.Error) as error:
        if not watch.fired:
            raise
        msg = f"{seconds:g} 秒内没有回答 no answer within {seconds:g} s"
        raise psycopg.OperationalError(msg) from error
    finally:
        watch.done.set()
        watch.thread.join()
