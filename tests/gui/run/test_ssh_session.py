"""A run on another machine is followed and commanded through ssh: a stand-in for ssh with real sockets, a real engine."""

import os
import signal
import sys

import pytest

from sleapnn_engine.protocol.connection import Connection
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.ssh import Ssh, SshError, place_of
from sleapnn_gui.run.ssh_session import SshSession
from tests.gui.run import fake_ssh
from tests.gui.run.following import Followed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script of the shell")
LONG = {"epochs": 400, "steps": 20, "batch_seconds": 0.01, "frames": False}


class Far:
    """What a window knows of a run elsewhere."""

    def __init__(self, folder):
        self.ssh, self.session, self.store = Ssh(), SshSession(), RunStore()
        self.outcomes, self.commands, self.notices = [], [], []
        self.seqs = []
        self.session.events.connect(self._add)
        self.session.ended.connect(self.outcomes.append)
        self.session.command_state.connect(lambda *told: self.commands.append(told))
        self.session.notice.connect(self.notices.append)
        self.session.follow_far(self.ssh, self.ssh.find(place_of("lab", str(folder))))

    def _add(self, items):
        self.store.add(items)
        for item in items:
            numbers = getattr(item, "seqs", None) or [item.seq]
            self.seqs += [seq for seq in numbers if seq is not None]


@pytest.fixture
def pids(tmp_path, monkeypatch):
    return fake_ssh.install(tmp_path, monkeypatch)


@pytest.fixture
def here(app, wait_until, pids):
    """A run that another window has started, over there."""
    run = Followed()
    yield run
    if not run.session.is_over:
        run.session.cancel()
        wait_until(lambda: run.session.is_over, 30)
    run.session.leave()


@pytest.fixture
def attach(app):
    made = []

    def make(folder):
        made.append(Far(folder))
        return made[-1]

    yield make
    for far in made:
        far.session.leave()


def test_a_run_elsewhere_is_followed_and_stopped(here, attach, wait_until, tmp_path, pids):
    folder = tmp_path / "a run's folder; with $odd name"
    here.start(folder, **LONG)
    wait_until(lambda: len(here.steps) > 30, 30)
    way = Connection.read(folder).encrypted
    far = attach(folder)
    wait_until(lambda: far.session.state is State.TRAINING and len(far.store.epochs) > 1, 20)
    assert far.store.header.run_name == folder.name
    brought = pids.with_name("ssh.ports").read_text().split()
    assert [way.events, way.requests] == [f"tcp://127.0.0.1:{port}" for port in brought]
    far.session.pause()
    wait_until(lambda: here.session.state is State.PAUSED)
    wait_until(lambda: far.session.state is State.PAUSED)
    far.session.resume()
    wait_until(lambda: far.session.state is State.TRAINING)
    far.session.stop()
    wait_until(lambda: far.outcomes != [], 20)
    assert far.outcomes[0].state is State.STOPPED
    assert [stage for verb, stage, _ in far.commands if verb == "stop"] == ["asked", "accepted", "done"]
    assert far.seqs == list(range(1, far.seqs[-1] + 1)), "nothing that was said is missing, or there twice"


def test_a_line_that_breaks_is_made_anew_and_nothing_is_lost(here, attach, wait_until, tmp_path, pids):
    here.start(tmp_path / "run", **LONG)
    wait_until(lambda: len(here.steps) > 10, 30)
    far = attach(tmp_path / "run")
    wait_until(lambda: len(far.store.losses) > 10, 20)
    os.kill(int(pids.read_text().split()[-1]), signal.SIGKILL)
    wait_until(lambda: far.session.lost_contact)
    assert any("It is tried again" in text for text in far.notices)
    wait_until(lambda: not far.session.lost_contact, 20)
    far.session.stop()
    wait_until(lambda: far.outcomes != [], 20)
    assert far.seqs == list(range(1, far.seqs[-1] + 1))


def test_an_engine_that_is_killed_there_has_crashed_here_with_all_it_said(here, attach, wait_until, tmp_path):
    here.start(tmp_path / "run", **LONG)
    wait_until(lambda: len(here.steps) > 10, 30)
    far = attach(tmp_path / "run")
    wait_until(lambda: len(far.store.losses) > 10, 20)
    os.kill(here.session.pid, signal.SIGKILL)
    wait_until(lambda: here.session.is_over, 20)
    wait_until(lambda: far.outcomes != [], 30)
    assert far.outcomes[0].state is State.CRASHED
    assert "on lab) is gone" in far.outcomes[0].sentence
    assert far.store.step == here.steps[-1] + 1


def test_a_run_that_is_over_is_read_from_its_journal(here, attach, wait_until, tmp_path):
    here.start(tmp_path / "run", epochs=2, steps=5)
    wait_until(lambda: here.outcome is not None, 30)
    far = attach(tmp_path / "run")
    wait_until(lambda: far.outcomes != [])
    assert far.outcomes[0].state is State.COMPLETED
    assert far.session.was_over
    assert len(far.store.epochs) == 2


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("nowhere", "no machine called “nowhere”"),
        ("locked", "Set up a key"),
        ("strange", "Connect once in a terminal"),
        ("down", "does not answer"),
        ("odd", "Connection reset by peer"),
    ],
)
def test_why_ssh_fails_is_a_sentence(pids, tmp_path, host, said):
    with pytest.raises(SshError) as caught:
        Ssh().find(place_of(host, str(tmp_path)))
    assert said in str(caught.value)


def test_what_is_no_run_folder_there_is_a_sentence(pids, tmp_path):
    with pytest.raises(SshError, match="is no run folder"):
        Ssh().find(place_of("lab", str(tmp_path)))
    with pytest.raises(SshError, match="There is no folder /no/such on lab"):
        Ssh().find(place_of("lab", "/no/such"))


@pytest.mark.parametrize("host", ["-oProxyCommand=touch x", "a b", "", "lab;rm", "lab$(id)"])
def test_a_host_that_is_more_than_a_name_goes_nowhere(host):
    with pytest.raises(SshError, match="A host is a name"):
        place_of(host, "/runs/one")


def test_nothing_of_ssh_outlives_the_window(here, attach, wait_until, tmp_path, pids):
    here.start(tmp_path / "run", **LONG)
    wait_until(lambda: len(here.steps) > 10, 30)
    far = attach(tmp_path / "run")
    wait_until(lambda: len(far.store.losses) > 10, 20)
    far.session.leave()
    wait_until(lambda: not any(_runs(int(pid)) for pid in pids.read_text().split()))


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
