"""A stand-in for Weights & Biases' server on this computer: keeps what it is sent, knows one key and one earlier run."""

import base64
import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "0123456789abcdef" * 3
EARLIER = "earlier1"


class Server(ThreadingHTTPServer):
    """What was received: the variables of each mutation, the lines of history, the names of uploaded files."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.buckets: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.uploads: dict[str, bytes] = {}
        self.bodies: list[bytes] = []
        #: Set: requests after the first that open a run stay unanswered.
        self.silent = threading.Event()
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle is no news."""

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The answer to one GraphQL query."""
        if "UpsertBucket" in query:
            self.buckets.append(variables)
            return {"upsertBucket": {"bucket": _bucket(variables), "inserted": True}}
        if "createRunFiles" in query:
            files = [{"name": name, "uploadUrl": f"{self.url}/upload/{name}"} for name in variables["files"]]
            return {"createRunFiles": {"runID": "run", "uploadHeaders": [], "files": files}}
        if "RunResumeStatus" in query:
            known = variables["name"] == EARLIER
            return {
                "model": {
                    "id": "p",
                    "name": "p",
                    "entity": {"id": "e", "name": "me"},
                    "bucket": (known and _earlier()) or None,
                }
            }
        if "viewer" in query:
            return {
                "viewer": {
                    "id": "1",
                    "entity": "me",
                    "username": "me",
                    "email": "",
                    "flags": "{}",
                    "teams": {"edges": []},
                    "accountType": "user",
                    "admin": False,
                }
            }
        return {}


def _bucket(variables: dict[str, Any]) -> dict[str, Any]:
    project = {
        "id": "p",
        "name": variables.get("project") or "uncategorized",
        "entity": {"id": "e", "name": "me"},
    }
    return {
        "id": "bucket",
        "name": variables.get("name"),
        "displayName": variables.get("displayName"),
        "description": None,
        "config": "{}",
        "sweepName": None,
        "project": project,
        "historyLineCount": 0,
    }


def _earlier() -> dict[str, Any]:
    return {
        "id": "bucket",
        "name": EARLIER,
        "summaryMetrics": '{"epoch": 4}',
        "displayName": "before",
        "logLineCount": 0,
        "historyLineCount": 5,
        "eventsLineCount": 1,
        "historyTail": json.dumps([json.dumps({"_step": 4, "_runtime": 9, "epoch": 4})]),
        "eventsTail": json.dumps([json.dumps({"_runtime": 9})]),
        "config": "{}",
        "tags": [],
        "wandbConfig": '{"t": 1}',
    }


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: Any) -> None:
        """Nothing goes to the terminal of the tests."""

    def do_POST(self) -> None:
        body = self._body()
        self.server.bodies.append(body)
        if self.server.silent.is_set() and (self.server.buckets or "graphql" not in self.path):
            self.server.ended.wait()
            return
        if not self._signed():
            self._send({"errors": [{"message": "user is not logged in"}]}, status=401)
        elif self.path == "/graphql":
            asked = json.loads(body)
            self._send({"data": self.server.answer(asked["query"], asked.get("variables") or {})})
        else:
            files = json.loads(body).get("files") or {}
            lines = files.get("wandb-history.jsonl", {}).get("content", [])
            self.server.history += [json.loads(line) for line in lines]
            self._send({})

    def do_PUT(self) -> None:
        self.server.uploads[self.path.removeprefix("/upload/")] = self._body()
        self._send({})

    def _signed(self) -> bool:
        expected = base64.b64encode(f"api:{KEY}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {expected}"

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            data = b"".join(self._chunks())
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, answer: dict[str, Any], *, status: int = 200) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def serving() -> Iterator[Server]:
    """Run the server in a thread of this process."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
