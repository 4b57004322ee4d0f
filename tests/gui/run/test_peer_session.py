"""A training of sleap-nn is followed on SLEAP's ports and stopped: real sockets, with its messages as they were captured."""

import json
import os

import pytest

from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.peer_link import PeerPorts, PortTakenError
from sleapnn_gui.run.peer_session import PeerSession
from tests.gui.run.peer_trainer import PeerTrainer, free_ports


class Watched:
    """A session that listens, with all it said in a store as the page has one."""

    def __init__(self):
        self.numbers = free_ports()
        self.session, self.store = PeerSession(), RunStore()
        self.outcomes, self.commands, self.notices = [], [], []
        self.session.events.connect(self.store.add)
        self.session.ended.connect(self.outcomes.append)
        self.session.command_state.connect(lambda *told: self.commands.append(told))
        self.session.notice.connect(self.notices.append)
        self.session.listen(PeerPorts(*self.numbers))


@pytest.fixture
def watched(app):
    made = Watched()
    yield made
    made.session.leave()


@pytest.fixture
def trainer(watched):
    made = PeerTrainer(*watched.numbers)
    yield made
    made.close()


def test_losses_and_epochs_come_as_they_are_said(watched, trainer, wait_until):
    store, session = watched.store, watched.session
    trainer.begin()
    trainer.send("epoch_begin", epoch=0)
    for batch in range(5):
        trainer.send("batch_end", logs={"loss": 0.5}, epoch=0, batch=batch)
    wait_until(lambda: len(store.losses) == 5)
    assert session.state is State.TRAINING
    assert 0.5 < store.x < 1.0, "how long the first epoch is, is not known before its end"
    trainer.send("epoch_end", logs={"loss": 0.5, "val/loss": 0.4, "epoch": 0.0}, epoch=0)
    trainer.metrics = {"val/loss": 0.4, "train/loss": 0.5, "train/lr": 1e-3}
    trainer.epoch(1, batches=5, loss=0.25, val=0.2, lr=5e-4)
    trainer.epoch(2, batches=5, loss=0.125, val=0.3)
    trainer.end()
    wait_until(lambda: watched.outcomes != [])
    assert store.losses.x.values.tolist() == pytest.approx([(step + 1) / 5 for step in range(15)])
    assert [epoch.number for epoch in store.epochs] == [0, 1, 2]
    assert [epoch.val for epoch in store.epochs] == [0.4, 0.2, 0.3]
    # Its own `train/loss` is of the epoch before; here each stands with its own.
    assert [epoch.train for epoch in store.epochs] == pytest.approx([0.5, 0.25, 0.125])
    assert [epoch.lr for epoch in store.epochs[:2]] == [1e-3, 5e-4]
    assert store.best_epoch == 1
    assert session.state is State.COMPLETED
    assert watched.outcomes[0].sentence == "Training is done; the best model is from epoch 2."
    assert watched.notices == []


def test_stop_is_sent_as_sleap_sends_it(watched, trainer, wait_until):
    trainer.begin()
    trainer.epoch(0, batches=3, loss=0.5, val=0.5)
    trainer.send("batch_end", logs={"loss": 0.4}, epoch=1, batch=0)
    wait_until(lambda: watched.session.can("stop"))
    assert not any(watched.session.can(verb) for verb in ("pause", "cancel", "checkpoint"))
    watched.session.stop()
    wait_until(trainer.stop_came)
    assert trainer.heard == [b'{"command": "stop"}']
    wait_until(lambda: watched.session.state is State.STOPPING)
    trainer.send("epoch_end", logs={"val/loss": 0.3}, epoch=1)
    trainer.end()
    wait_until(lambda: watched.outcomes != [])
    assert watched.outcomes[0].state is State.STOPPED
    assert [stage for verb, stage, _ in watched.commands if verb == "stop"] == ["asked", "accepted", "done"]


def test_a_training_that_breaks_off_has_failed(watched, trainer, wait_until):
    trainer.begin()
    trainer.epoch(0, batches=3, loss=0.5, val=0.5, late=False)
    wait_until(lambda: len(watched.store.losses) == 3)
    trainer.close()
    wait_until(lambda: watched.outcomes != [])
    assert watched.outcomes[0].state is State.FAILED
    assert "without its last word" in watched.outcomes[0].sentence
    assert watched.store.epochs[0].train == 0.5, "what was said is kept"


def test_nobody_to_stop_is_a_sentence(watched, wait_until):
    progress, _ = watched.numbers
    trainer = PeerTrainer(progress, free_ports(1)[0])  # with another controller_port
    trainer.begin()
    trainer.send("batch_end", logs={"loss": 0.5}, epoch=0, batch=0)
    wait_until(lambda: watched.session.can("stop"))
    watched.session.stop()
    wait_until(lambda: [stage for _, stage, _ in watched.commands][-1:] == ["refused"])
    assert f"No training listens on port {watched.numbers[1]}" in watched.commands[-1][2]
    trainer.close()


def test_hostile_messages_change_nothing(watched, trainer, wait_until, tmp_path):
    left = tmp_path / "left"
    pickled = {"py/reduce": [{"py/function": "os.mkdir"}, {"py/tuple": [str(left)]}]}
    trainer.begin()
    for hostile in (
        b"\xff\xfe",
        b"[1, 2]",
        b'"stop"',
        b"[" * 100_000,
        b"x" * 2**18,
        json.dumps(pickled).encode(),
        json.dumps({"event": "batch_end", "logs": pickled, "epoch": 0, "batch": 0}).encode(),
        json.dumps({"event": ["epoch_end"], "logs": None}).encode(),
        json.dumps({"event": "epoch_end", "logs": {"val/loss": "low"}, "epoch": -3}).encode(),
        json.dumps({"event": "batch_end", "logs": {"loss": True}, "epoch": 1.5, "batch": 10**40}).encode(),
        b'{"event": "batch_end", "logs": {"loss": 1e999}, "epoch": 0, "batch": 0}',
        os.urandom(1000),
    ):
        trainer.send_raw(hostile)
    trainer.send("batch_end", logs={"loss": 0.25}, epoch=1, batch=0)
    wait_until(lambda: len(watched.store.losses) == 2)
    assert watched.store.losses.y.values[-1] == 0.25
    assert not left.exists()
    assert len([text for text in watched.notices if "no message of sleap-nn" in text]) == 1


def test_a_port_that_is_taken_is_a_sentence(watched):
    with pytest.raises(PortTakenError, match=f"Port {watched.numbers[0]} cannot be listened on"):
        PeerPorts(*watched.numbers)
