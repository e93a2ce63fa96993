"""A small store of objects that speaks S3: buckets, ranges, uploads in parts, lists, deletions."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET = "a-key-of-the-test", "a-secret-of-the-test"
BUCKET = "land"


def chunks(stream: IO[bytes]) -> bytes:
    """Read a body that comes in chunks, and what is said after the last of them."""
    whole = b""
    while size := int(stream.readline().split(b";")[0], 16):
        whole += stream.read(size)
        stream.readline()
    while stream.readline().strip():
        pass
    return whole


class Objects(ThreadingHTTPServer):
    """The objects by bucket and key; those that ever were; what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.held: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.asked: list[tuple[str, str]] = []
        self.ever: set[str] = set()
        self.turn = threading.Lock()


class Answer(BaseHTTPRequestHandler):
    """Answers one request after another on a connection."""

    protocol_version = "HTTP/1.1"
    server: Objects

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _begin(self) -> tuple[str, dict[str, list[str]]]:
        split = urlsplit(self.path)
        path = unquote(split.path).strip("/")
        with self.server.turn:
            self.server.asked.append((self.command, path))
        return path, parse_qs(split.query, keep_blank_values=True)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = chunks(self.rfile)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "aws-chunked" in (self.headers.get("Content-Encoding") or ""):
            return chunks(io.BytesIO(body))
        return body

    def _say(self, code: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        size = headers.pop("size", str(len(body)))
        for name, value in {"Content-Length": size, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _xml(self, name: str, inner: str) -> None:
        head = '<?xml version="1.0" encoding="UTF-8"?>'
        space = "http://s3.amazonaws.com/doc/2006-03-01/"
        text = f'{head}<{name} xmlns="{space}">{inner}</{name}>'
        self._say(200, text.encode(), Content_Type="application/xml")

    def _may(self) -> bool:
        """Whether the request is signed by whoever has the key."""
        if f"Credential={KEY}/" in (self.headers.get("Authorization") or ""):
            return True
        self._body()
        self._say(403, b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
        return False

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path, query = self._begin()
        if not self._may():
            return
        if "/" not in path and self.command == "GET":
            self._list(path, query)
            return
        with self.server.turn:
            found = self.server.held.get(path)
        if "/" not in path:
            self._say(200 if path == BUCKET else 404)
        elif found is None:
            self._say(404, b"<Error><Code>NoSuchKey</Code><Message>no</Message></Error>")
        elif part := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
            first, last = int(part[1]), int(part[2] or len(found) - 1)
            last = min(last, len(found) - 1)
            where = f"bytes {first}-{last}/{len(found)}"
            self._say(206, found[first : last + 1], Content_Range=where, ETag='"1"')
        else:
            self._say(200, found, size=str(len(found)), ETag='"1"')

    def _list(self, bucket: str, query: dict[str, list[str]]) -> None:
        prefix, end = (query.get(name, [""])[0] for name in ("prefix", "delimiter"))
        with self.server.turn:
            mine = {p.partition("/")[2]: len(b) for p, b in self.server.held.items()
                    if p.startswith(f"{bucket}/")}  # fmt: skip
        keys = sorted(key for key in mine if key.startswith(prefix))
        folders = sorted({prefix + key[len(prefix) :].partition(end)[0] + end
                          for key in keys if end and end in key[len(prefix) :]})  # fmt: skip
        when = "2026-01-01T00:00:00.000Z"
        files = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{when}</LastModified>"
            f"<ETag>1</ETag><Size>{mine[key]}</Size></Contents>"
            for key in keys
            if not (end and end in key[len(prefix) :])
        )
        below = "".join(f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>"
                        for one in folders)  # fmt: skip
        self._xml("ListBucketResult", f"<Name>{bucket}</Name><IsTruncated>false</IsTruncated>"
                                      f"<KeyCount>{len(keys)}</KeyCount>{files}{below}")  # fmt: skip

    def do_PUT(self) -> None:
        path, query = self._begin()
        if not self._may():
            return
        body = self._body()
        with self.server.turn:
            if "uploadId" in query:
                self.server.parts[query["uploadId"][0]][int(query["partNumber"][0])] = body
            elif "/" in path:
                slash = "/" if urlsplit(self.path).path.endswith("/") else ""
                self.server.held[path + slash] = body
                self.server.ever.add(path + slash)
        self._say(200, ETag='"1"')

    def do_POST(self) -> None:
        path, query = self._begin()
        if not self._may():
            return
        body = self._body()
        bucket, _, key = path.partition("/")
        names = f"<Bucket>{bucket}</Bucket><Key>{escape(key)}</Key>"
        if "uploads" in query:
            with self.server.turn:
                number = str(len(self.server.parts) + 1)
                self.server.parts[number] = {}
            self._xml("InitiateMultipartUploadResult", f"{names}<UploadId>{number}</UploadId>")
        elif "uploadId" in query:
            with self.server.turn:
                parts = self.server.parts[query["uploadId"][0]]
                self.server.held[path] = b"".join(parts[k] for k in sorted(parts))
                self.server.ever.add(path)
            self._xml("CompleteMultipartUploadResult", f"{names}<ETag>1</ETag>")
        else:
            with self.server.turn:
                for found in re.findall(r"<Key>(.*?)</Key>", body.decode()):
                    self.server.held.pop(f"{bucket}/{found}", None)
            self._xml("DeleteResult", "")

    def do_DELETE(self) -> None:
        self._begin()
        if not self._may():
            return
        with self.server.turn:
            self.server.held.pop(unquote(urlsplit(self.path).path)[1:], None)
        self._say(204)


@contextmanager
def objects() -> Iterator[Objects]:
    """Give a store that answers at ``http://127.0.0.1:<server_port>`` until the end."""
    server = Objects()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
