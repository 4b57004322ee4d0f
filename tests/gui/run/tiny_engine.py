"""An engine that is put in place in a second: real wheels without torch, in a folder or from an index that can hang."""

import base64
import contextlib
import hashlib
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import attrs

from sleapnn_engine.protocol.engine_version import own_version

VERSION = attrs.evolve(own_version(), torch="9.9")
#: Larger than what uv tells nothing about.
LARGE = b"\0" * 2_000_000
ENGINE = f"""
import sys
def main():
    print({VERSION.line!r})
    sys.exit(0 if sys.argv[1:] == ["--version"] else 3)
"""


def write_wheel(
    folder: Path, name: str, version: str, *, files: dict[str, bytes], more: str = "", programs: str = ""
) -> Path:
    """A wheel of these files."""
    record = f"{name}-{version}.dist-info"
    inside = {
        **files,
        f"{record}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}".encode(),
        f"{record}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if programs:
        inside[f"{record}/entry_points.txt"] = f"[console_scripts]\n{programs}\n".encode()
    hashes = {
        path: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        for path, data in inside.items()
    }
    lines = [f"{path},sha256={hashes[path]},{len(data)}" for path, data in inside.items()]
    made = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, data in inside.items():
            archive.writestr(path, data)
        archive.writestr(f"{record}/RECORD", "\n".join([*lines, f"{record}/RECORD,,"]) + "\n")
    return made


def write_wheels(folder: Path, *, own: str = VERSION.own, engine: str = ENGINE) -> Path:
    """The project as a wheel with its extra `engine`, which wants two more."""
    folder.mkdir(exist_ok=True)
    wanted = 'Provides-Extra: engine\nRequires-Dist: tiny-first; extra == "engine"\nRequires-Dist: tiny-torch; extra == "engine"\n'
    write_wheel(
        folder,
        "sleapnn_gui",
        own,
        files={"tiny_engine.py": engine.encode()},
        more=wanted,
        programs="sleapnn-engine = tiny_engine:main",
    )
    write_wheel(folder, "tiny_first", "1", files={"tiny_first/large.bin": LARGE})
    write_wheel(folder, "tiny_torch", "9.9", files={"tiny_torch/large.bin": LARGE})
    return folder


class Index(ThreadingHTTPServer):
    """A package index that serves a folder; a file whose name is in `held` comes in half until that is emptied."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.folder = folder
        self.held: set[str] = set()
        self.served: Counter[str] = Counter()
        """How often each file was sent whole."""
        self.hanging = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple"


class _Answer(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        kind, _, name = self.path.strip("/").partition("/")
        if kind == "simple":
            found = sorted(self.server.folder.glob(f"{name.replace('-', '_')}-*.whl"))
            links = "".join(
                f'<a href="/files/{one.name}" data-dist-info-metadata="true">{one.name}</a>' for one in found
            )
            self._send(f"<html><body>{links}</body></html>".encode(), "text/html")
            return
        if name.endswith(".metadata"):
            with zipfile.ZipFile(self.server.folder / name.removesuffix(".metadata")) as archive:
                inside = next(one for one in archive.namelist() if one.endswith("/METADATA"))
                self._send(archive.read(inside), "text/plain")
            return
        data = (self.server.folder / name).read_bytes()
        if name not in self.server.held:
            self._send(data, "application/octet-stream")
            self.server.served[name] += 1
            return
        self._send(data, "application/octet-stream", only=len(data) // 2)
        self.server.hanging.set()
        with contextlib.suppress(OSError):
            self.connection.recv(1)  # until the other side has gone

    def _send(self, data: bytes, kind: str, *, only: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "max-age=600, immutable")  # as package indexes say
        self.end_headers()
        self.wfile.write(data[:only])
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def index_of(folder: Path) -> Iterator[Index]:
    """An index at work."""
    with Index(folder) as index:
        thread = threading.Thread(target=index.serve_forever, daemon=True)
        thread.start()
        yield index
        index.shutdown()
        thread.join()
