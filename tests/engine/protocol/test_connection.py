"""The connection file: read strictly, and only addresses of this computer."""

import json
from pathlib import Path

import pytest

from sleapnn_engine.protocol.connection import Connection, ConnectionFileError

WAY = {"key": "k" * 40, "events": "tcp://127.0.0.1:5003", "requests": "tcp://127.0.0.1:5004"}
GOOD = {
    "protocol": 1,
    "pid": 4711,
    "token": "t0k3n",
    "events": "tcp://127.0.0.1:5001",
    "requests": "tcp://localhost:5002",
    "started": 1760000000.0,
    "run_dir": "/data/läufe",
}


def test_unknown_keys_and_a_missing_host_are_fine(tmp_path: Path):
    (tmp_path / "engine.json").write_text(json.dumps({**GOOD, "mood": "calm"}), encoding="utf-8")
    connection = Connection.read(tmp_path)
    assert (connection.token, connection.run_dir, connection.host) == ("t0k3n", "/data/läufe", "")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"protocol": 2}, "version 2"),
        ({"protocol": None}, "version None"),
        ({"pid": "4711"}, "'pid'"),
        ({"pid": True}, "'pid'"),
        ({"pid": 0}, "no process"),
        ({"token": None}, "'token'"),
        ({"started": "now"}, "'started'"),
        ({"events": "tcp://192.168.0.7:5001"}, "not a port of this computer"),
        ({"events": "tcp://127.0.0.1.evil.example:5001"}, "not a port of this computer"),
        ({"requests": "ipc:///tmp/x"}, "not a port of this computer"),
        ({"encrypted": "yes"}, "'encrypted' is no object"),
        ({"encrypted": {**WAY, "events": "tcp://192.168.0.7:5003"}}, "not a port of this computer"),
        ({"encrypted": {**WAY, "key": "k" * 39}}, "the 'key' of 'encrypted'"),
        ({"encrypted": {"key": "k" * 40}}, "'events' is None"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(tmp_path: Path, changes: dict, says: str):
    (tmp_path / "engine.json").write_text(json.dumps({**GOOD, **changes}))
    with pytest.raises(ConnectionFileError) as refused:
        Connection.read(tmp_path)
    assert says in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 60_000, b" " * 70_000])
def test_what_is_no_connection_file_is_refused(tmp_path: Path, data: bytes):
    (tmp_path / "engine.json").write_bytes(data)
    with pytest.raises(ConnectionFileError, match="is not a connection file"):
        Connection.read(tmp_path)


def test_no_file_says_that_no_engine_is_at_work(tmp_path: Path):
    with pytest.raises(ConnectionFileError, match="no engine is at work"):
        Connection.read(tmp_path)
