"""A web server on the loopback interface that misbehaves on demand, and toy data sets on it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from cevns.datasets import release

TRUNCATE, HANG = "truncate", "hang"

FILES = {
    "counts.txt": b"1 2 3\n" * 200,
    "pdf+1sig.txt": b"0.5\n" * 100,
    "runs/sr0/template_-1.0.h5": bytes(range(256)),
}
"""The toy data set."""
FIRST, PLUS, DEEP = FILES


class Server(ThreadingHTTPServer):
    """Serves ``files``; ``faults[name]`` is what goes wrong first: a status, TRUNCATE or HANG."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Any]] = defaultdict(list)
        self.asked: list[str] = []  # as it came over the wire
        self.headers: list[Mapping[str, str]] = []  # of each request
        self.halfway = threading.Event()
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.headers.append(dict(self.headers))
        name = unquote(self.path).removeprefix("/")
        faults = self.server.faults[name]
        fault = faults.pop(0) if faults else None
        if isinstance(fault, int) or name not in self.server.files:
            self.send_error(fault or 404)
            return
        content = self.server.files[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if fault else content)
        if fault == HANG:
            self.wfile.flush()
            self.server.halfway.set()
            self.server.closing.wait()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Server]:
    """A server for ``files``, closed afterwards."""
    with Server() as server:
        server.files.update(files)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


def sha256(content: bytes) -> str:
    """As it is declared."""
    return hashlib.sha256(content).hexdigest()


def block(content: Mapping[str, bytes], *mirrors: str, **changes: Any) -> dict[str, Any]:
    """A ``release`` block for files, name to content."""
    entries = [
        {"name": name, "bytes": len(whole), "sha256": sha256(whole)}
        for name, whole in content.items()
    ]
    made = {
        "title": "A toy",
        "summary": "a few bytes",
        "citation": [{"text": "Nobody, Nowhere 1 (2026)"}],
        "licence": {"name": "CC0-1.0", "confirmed": True},
        "record": {"url": "https://example.org/record"},
        "mirrors": list(mirrors),
        "hashed": "the files themselves",
        "files": entries,
    }
    return made | changes


def declare(folder: Path, name: str, release: object, schema: object = 1) -> None:
    """Write the declaration of a data set: JSON is YAML."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    text = json.dumps({"schema": schema, "release": release})
    (folder / name / "dataset.yaml").write_text(text, "utf-8")


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below ``folder``, hidden or not; None for a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def files(folder: Path) -> dict[str, bytes]:
    """The files among them."""
    return {name: content for name, content in tree(folder).items() if content is not None}


@dataclass(frozen=True)
class Toy:
    """The data set "toy": its server, where it is declared and where its files belong."""

    server: Server
    declared: Path
    target: Path

    def declare(self, *mirrors: str, **changes: Any) -> None:
        """Declare it on these mirrors, or on the server."""
        declare(self.declared, "toy", block(FILES, *(mirrors or (self.server.url,)), **changes))

    def place(self, **changes: bytes | None) -> None:
        """Put its files there: ``counts``, ``pdf`` and ``template`` with other content, or not."""
        for (name, content), key in zip(FILES.items(), ("counts", "pdf", "template"), strict=True):
            put = changes.get(key, content)
            if put is not None:
                (self.target / name).parent.mkdir(parents=True, exist_ok=True)
                (self.target / name).write_bytes(put)


@contextmanager
def toy_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    """The toy, declared and served; no other data set, no proxy, no waiting between tries."""
    monkeypatch.setattr(release, "FOLDER", folder / "declared")
    monkeypatch.setenv("CEVNS_DATA", str(folder / "data"))
    for name in ("CEVNS_CACHE", "CEVNS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.core.time.sleep", lambda _: None)
    with serving(FILES) as server:
        toy = Toy(server, folder / "declared", folder / "data" / "toy")
        toy.declare()
        yield toy
