"""The engine's sockets seen from outside, with bare ZeroMQ: who gets in, what is answered, what harms nothing."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq

from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.codec import MAX_REQUEST_BYTES
from sleapnn_engine.protocol.messages import Command
from sleapnn_engine.protocol.verbs import VERBS
from tests.engine.protocol.conftest import PATIENCE_SECONDS, wait_for
from tests.engine.protocol.examples import ARRAYS, event_of

Sockets = Callable[[int], zmq.Socket]


@pytest.fixture
def sockets(channel: EngineChannel) -> Iterator[Sockets]:
    """Makes bare sockets connected to the channel: a DEALER to its requests, any other kind to its events."""
    context = zmq.Context()
    all_made: list[zmq.Socket] = []

    def make(kind: int) -> zmq.Socket:
        made = context.socket(kind)
        all_made.append(made)
        made.linger = 0
        connection = channel.connection
        made.connect(connection.requests if kind == zmq.DEALER else connection.events)
        return made

    yield make
    for made in all_made:
        made.close(linger=0)
    context.term()


def answer(dealer: zmq.Socket, *parts: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Send parts and read the answer: its JSON and what follows."""
    dealer.send_multipart(parts)
    assert dealer.poll(PATIENCE_SECONDS * 1000), "no answer came"
    first, *rest = dealer.recv_multipart()
    return json.loads(first), rest


def ask(dealer: zmq.Socket, token: str, verb: str, **args: Any) -> tuple[dict[str, Any], list[bytes]]:
    return answer(dealer, json.dumps({"id": 1, "token": token, "verb": verb, "args": args}).encode())


def test_hello_says_who_and_where(channel: EngineChannel, sockets: Sockets):
    channel.emit(events.Pausing())
    channel.set_heartbeat(state="training", epoch=1, step=2)
    reply, rest = ask(sockets(zmq.DEALER), channel.token, "hello")
    assert rest == []
    assert (reply["id"], reply["ok"], reply["accepted"], reply["error"]) == (1, True, True, None)
    told = reply["body"]
    assert (told["protocol"], told["last_seq"], told["state"]) == (1, 1, "training")
    assert told["run_dir"] == str(channel.run_dir)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([b""], "cannot be read"),
        ([b"not json"], "cannot be read"),
        ([b"[1, 2]"], "should be an object"),
        ([b"\xff\xff"], "not UTF-8"),
        ([b"{" * 60_000], "cannot be read"),
        ([b'{"id": 1}'], "'token' and 'verb'"),
        ([b"{}", b"{}"], "has 2 parts"),
        ([b" " * (MAX_REQUEST_BYTES + 1)], f"at most {MAX_REQUEST_BYTES}"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_malformed_requests_get_a_reason_and_harm_nothing(
    channel: EngineChannel, sockets: Sockets, parts: list[bytes], says: str
):
    dealer = sockets(zmq.DEALER)
    reply, _ = answer(dealer, *parts)
    assert (reply["ok"], reply["accepted"]) == (False, False)
    assert says in reply["error"]
    assert ask(dealer, channel.token, "ping")[0]["ok"]


@pytest.mark.parametrize(
    ("verb", "args", "says"),
    [
        ("shutdown", {}, "'shutdown' is no request"),
        ("stop", {"after": "lunch"}, "one of batch, epoch"),
        ("replay", {"from": 1}, "'to' is missing"),
        ("replay", {"from": 1, "to": "9"}, "'to' should be integer"),
        ("snapshot", {}, "'from_seq' is missing"),
        ("snapshot", {"from_seq": 1, "frames": 1}, "'frames' should be true/false"),
    ],
)
def test_unknown_verbs_and_wrong_arguments_are_refused(
    channel: EngineChannel, sockets: Sockets, verb: str, args: dict, says: str
):
    reply, _ = ask(sockets(zmq.DEALER), channel.token, verb, **args)
    assert reply["ok"] is False
    assert says in reply["error"]
    assert channel.pop_commands() == []


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("token", ["", "wrong", "\udcff"])
def test_without_the_token_nothing_is_told_and_nothing_done(
    channel: EngineChannel, sockets: Sockets, verb: str, token: str
):
    args = {"from_seq": 0, "from": 1, "to": 9}
    reply, rest = ask(sockets(zmq.DEALER), token, verb, **args)
    assert (reply["ok"], reply["body"], rest) == (False, {}, [])
    assert "token is wrong" in reply["error"]
    assert channel.token not in json.dumps(reply)
    assert channel.pop_commands() == []


def test_a_flood_of_bytes_closes_its_connection_and_no_other(channel: EngineChannel, sockets: Sockets):
    flood, other = sockets(zmq.DEALER), sockets(zmq.DEALER)
    flood.send(b" " * (40 * MAX_REQUEST_BYTES))
    assert ask(other, channel.token, "ping")[0]["ok"]
    assert not flood.poll(100)


def test_commands_reach_the_training_loop(channel: EngineChannel, sockets: Sockets):
    dealer = sockets(zmq.DEALER)
    for verb, args in (
        ("checkpoint", {}),
        ("pause", {}),
        ("resume", {}),
        ("release_memory", {}),
        ("stop_when", {"rules": ["by 18:00"]}),
        ("stop", {}),
    ):
        reply, _ = ask(dealer, channel.token, verb, **args)
        assert (reply["ok"], reply["accepted"]) == (True, True)
    assert channel.pop_commands() == [
        Command("checkpoint"),
        Command("pause"),
        Command("resume"),
        Command("release_memory"),
        Command("stop_when", {"rules": ["by 18:00"]}),
        Command("stop", {"after": "epoch"}),
    ]


def test_rules_that_cannot_be_read_are_refused_with_what_there_is(channel: EngineChannel, sockets: Sockets):
    reply, _ = ask(sockets(zmq.DEALER), channel.token, "stop_when", rules=["by noon"])
    assert (reply["ok"], reply["accepted"]) == (False, False)
    assert "“by noon” is nothing to stop by; there is “error below 3 px”" in reply["error"]
    assert channel.pop_commands() == []


def test_a_command_that_makes_no_sense_is_understood_but_not_accepted(
    channel: EngineChannel, sockets: Sockets
):
    reply, _ = ask(sockets(zmq.DEALER), channel.token, "resume")
    assert (reply["ok"], reply["accepted"]) == (True, False)
    assert "not paused" in reply["error"]


def test_a_snapshot_brings_the_journals_own_lines_and_the_frames(channel: EngineChannel, sockets: Sockets):
    channel.emit(events.Pausing())
    channel.emit(event_of("frame"), ARRAYS)
    channel.emit(events.Paused(epoch=0, step=1))
    dealer = sockets(zmq.DEALER)
    reply, rest = ask(dealer, channel.token, "snapshot", from_seq=0)
    assert (reply["body"]["next"], reply["body"]["frames"]) == (4, [2])
    assert rest[0] + b"\n" == (channel.run_dir / "events.jsonl").read_bytes()
    assert json.loads(rest[1])["seq"] == 2
    assert rest[2:] == [ARRAYS["image"].tobytes(), ARRAYS["confmaps"].tobytes()]
    reply, rest = ask(dealer, channel.token, "snapshot", from_seq=0, frames=False)
    assert (reply["body"]["frames"], len(rest)) == ([], 1)


def test_asking_beyond_the_newest_event_brings_an_empty_page(channel: EngineChannel, sockets: Sockets):
    channel.emit(events.Pausing())
    reply, rest = ask(sockets(zmq.DEALER), channel.token, "replay", **{"from": 5, "to": 10**15})
    assert (reply["body"]["next"], rest) == (5, [b""])


def test_events_reach_only_who_knows_the_token(channel: EngineChannel, sockets: Sockets):
    knowing, stranger, guesser = (sockets(zmq.SUB) for _ in range(3))
    token = channel.token.encode()
    stranger.subscribe(b"")
    guesser.subscribe(token[:-1])
    guesser.subscribe(token[:-1] + b"?/events")
    knowing.subscribe(token + b"/events")
    wait_for(lambda: channel.viewers == 1)
    channel.emit(events.Pausing())
    assert knowing.poll(PATIENCE_SECONDS * 1000)
    topic, line = knowing.recv_multipart()
    assert topic == token + b"/events"
    assert json.loads(line)["kind"] == "pausing"
    assert not stranger.poll(50)
    assert not guesser.poll(0)


def test_odd_subscriptions_harm_nothing(channel: EngineChannel, sockets: Sockets):
    odd = sockets(zmq.XSUB)
    token = channel.token.encode()
    for message in (b"", b"\x01", b"\x00" + token + b"/events", b"\x02", b"\x01" + b"x" * 10_000, b"hello"):
        odd.send(message)
    odd.send(b"\x01" + token + b"/events")
    wait_for(lambda: channel.viewers == 1)
    channel.emit(events.Pausing())
    assert odd.poll(PATIENCE_SECONDS * 1000)


def test_images_go_to_who_asked_for_images(channel: EngineChannel, sockets: Sockets):
    plain, full = sockets(zmq.SUB), sockets(zmq.SUB)
    token = channel.token.encode()
    plain.subscribe(token + b"/events")
    full.subscribe(token)
    wait_for(lambda: channel.viewers == 2)
    channel.emit(event_of("frame"), ARRAYS)
    channel.emit(events.Pausing())
    kinds = {}
    for name, socket in (("plain", plain), ("full", full)):
        assert socket.poll(PATIENCE_SECONDS * 1000)
        kinds[name] = json.loads(socket.recv_multipart()[1])["kind"]
    assert kinds == {"plain": "pausing", "full": "frame"}


def test_viewers_are_counted_as_they_come_and_go(channel: EngineChannel, sockets: Sockets):
    token = channel.token.encode()
    assert channel.viewers == 0
    first, second = sockets(zmq.SUB), sockets(zmq.SUB)
    first.subscribe(token + b"/events")
    second.subscribe(token + b"/events")
    wait_for(lambda: channel.viewers == 2)
    first.close()
    wait_for(lambda: channel.viewers == 1)
    second.unsubscribe(token + b"/events")
    wait_for(lambda: channel.viewers == 0)
