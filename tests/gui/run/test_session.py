"""Whole runs with a real process, real sockets and a real journal, driven by a script (see scripted_engine)."""

import os
import signal
import time

import pytest

from sleapnn_gui.run.machine import State
from sleapnn_gui.run.session import RunSession
from tests.gui.run.following import Followed

LONG = {"epochs": 400, "steps": 50, "batch_seconds": 0.01, "frames": False}


@pytest.fixture
def follow(app):
    """Makes followed sessions and leaves no process behind."""
    made = []

    def make(**options):
        made.append(Followed(**options))
        return made[-1]

    yield make
    for followed in made:
        pid, over = followed.session.pid, followed.session.is_over
        followed.session.leave()
        if pid is not None and not over:
            _kill(pid)


def _kill(pid):
    for number in (signal.SIGCONT, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return


def test_a_run_from_start_to_end(follow, wait_until, tmp_path):
    run = follow()
    run.start(tmp_path / "models" / "one", epochs=3, steps=20)
    wait_until(lambda: run.outcome is not None, 30)
    assert run.outcome.state is State.COMPLETED
    assert "best model is from epoch 3" in run.outcome.sentence
    assert run.steps == list(range(60))
    assert run.seqs == sorted(set(run.seqs)) == list(range(1, run.seqs[-1] + 1))
    assert run.kinds.count("epoch_end") == 3
    frames = [item for item in run.items if getattr(item, "kind", "") == "frame"]
    assert [frame.arrays["image"].shape for frame in frames] == [(32, 40, 1)] * 3
    assert run.states[-2:] == [State.FINALIZING, State.COMPLETED]
    assert run.notices == []
    # What the process printed stands beside the run's own files in the end.
    assert (tmp_path / "models" / "one" / "engine.out").read_text() == "scripted engine at work\n"
    assert run.outcome.log_path == tmp_path / "models" / "one" / "engine.out"
    assert not run.session.can("cancel")


def test_pause_resume_checkpoint_stop(follow, wait_until, tmp_path):
    run = follow()
    run.start(tmp_path / "run", **LONG)
    session = run.session
    assert not session.can("pause")
    wait_until(lambda: session.can("pause"), 20)
    session.pause()
    assert run.stages("pause") == ["asked"]
    assert not session.can("pause"), "a command under way cannot be asked for again"
    wait_until(lambda: session.state is State.PAUSED, 10)
    wait_until(lambda: run.stages("pause") == ["asked", "accepted", "done"], 5)
    session.ask("checkpoint")
    wait_until(lambda: run.stages("checkpoint") == ["asked", "accepted", "done"], 10)
    assert session.state is State.PAUSED
    steps = len(run.steps)
    session.resume()
    wait_until(lambda: session.state is State.TRAINING and len(run.steps) > steps, 10)
    session.stop()
    wait_until(lambda: run.outcome is not None, 20)
    assert run.outcome.state is State.STOPPED
    assert run.stages("resume") == ["asked", "accepted", "done"]
    assert run.stages("stop") == ["asked", "accepted", "done"]
    assert run.steps == list(range(len(run.steps)))
    wanted = [State.TRAINING, State.PAUSING, State.PAUSED, State.TRAINING, State.STOPPING, State.STOPPED]
    assert [state for state in run.states if state in wanted] == wanted


def test_stop_while_paused(follow, wait_until, tmp_path):
    run = follow()
    run.start(tmp_path / "run", **LONG)
    wait_until(lambda: run.session.can("pause"), 20)
    run.session.pause()
    wait_until(lambda: run.session.state is State.PAUSED, 10)
    run.session.stop()
    wait_until(lambda: run.outcome is not None, 20)
    assert run.outcome.state is State.STOPPED


def test_a_killed_engine_shows_within_seconds_with_its_log(follow, wait_until, tmp_path):
    run = follow()
    run.start(tmp_path / "run", die_at=30, **LONG)
    wait_until(lambda: run.session.state is State.TRAINING, 20)
    wait_until(lambda: run.outcome is not None, 20)
    outcome = run.outcome
    assert outcome.state is State.CRASHED
    assert "signal 9 (SIGKILL)" in outcome.sentence
    assert outcome.last_lines == ("scripted engine at work",)
    assert outcome.log_path == tmp_path / "run" / "engine.out"
    # Everything it managed to say is here, from the journal if need be.
    assert run.steps == list(range(30))


def test_kill_dash_nine_shows_within_three_seconds(follow, wait_until, tmp_path):
    run = follow()
    run.start(tmp_path / "run", **LONG)
    wait_until(lambda: run.session.state is State.TRAINING, 20)
    killed = time.monotonic()
    os.kill(run.session.pid, signal.SIGKILL)
    wait_until(lambda: run.outcome is not None, 20)
    # The promise made to people, and the only clock these tests look at.
    assert time.monotonic() - killed < 3.0
    assert run.outcome.state is State.CRASHED


def test_a_traceback_is_a_crash_and_a_reason_is_a_failure(follow, wait_until, tmp_path):
    crashed, failed = follow(), follow()
    crashed.start(tmp_path / "crashed", raise_at=5, epochs=3)
    failed.start(tmp_path / "failed", fail_at=5, epochs=3)
    wait_until(lambda: crashed.outcome is not None and failed.outcome is not None, 30)
    assert crashed.outcome.state is State.CRASHED
    assert "ZeroDivisionError: a bug" in crashed.outcome.last_lines
    assert failed.outcome.state is State.FAILED
    assert failed.outcome.sentence == "The labels of video 3 cannot be read."
    assert (failed.outcome.where, failed.outcome.hint) == ("video 3", "Check the file.")


def test_a_refused_config_lists_its_problems_and_creates_nothing(follow, wait_until, tmp_path):
    run = follow()
    problems = ["trainer_config.max_epochs: error: 0 is not 1 or more.", "data_config: error: no labels."]
    run.start(tmp_path / "run", refuse=problems)
    wait_until(lambda: run.outcome is not None, 20)
    assert run.outcome.state is State.FAILED
    assert run.outcome.problems == tuple(problems)
    assert "2 problems" in run.outcome.sentence
    assert run.outcome.run_dir is None
    assert list(tmp_path.iterdir()) == []


def test_a_failure_before_the_run_folder_exists_is_told_from_the_output(follow, wait_until, tmp_path):
    run = follow()
    run.start(tmp_path / "run", fail_early="labels.slp: not found. Choose the file again.")
    wait_until(lambda: run.outcome is not None, 20)
    assert run.outcome.state is State.FAILED
    assert run.outcome.sentence == "labels.slp: not found. Choose the file again."
    assert run.outcome.log_path is not None


def test_an_engine_that_cannot_start_raises_and_leaves_nothing(app, tmp_path):
    session = RunSession(engine=(str(tmp_path / "no-such-program"),))
    with pytest.raises(OSError, match="no-such-program"):
        session.start("{}", tmp_path / "run")


def test_cancel_keeps_the_folder(follow, wait_until, tmp_path):
    run = follow()
    run.start(tmp_path / "run", **LONG)
    wait_until(lambda: run.session.state is State.TRAINING, 20)
    run.session.cancel()
    assert run.session.state is State.STOPPING
    assert not run.session.can("stop")
    wait_until(lambda: run.outcome is not None, 20)
    assert run.outcome.state is State.CANCELLED
    assert run.stages("cancel") == ["asked", "accepted", "done"]
    assert (tmp_path / "run" / "events.jsonl").stat().st_size > 0


def test_cancel_before_the_engine_can_be_asked_ends_the_process(follow, wait_until, tmp_path):
    run = follow()
    run.start(tmp_path / "run", launch_seconds=30.0)
    assert run.session.state is State.LAUNCHING
    run.session.cancel()
    wait_until(lambda: run.outcome is not None, 20)
    assert run.outcome.state is State.CANCELLED
    assert any("told to end" in notice for notice in run.notices)


def test_cancel_of_an_engine_that_does_not_listen_escalates_to_force(follow, wait_until, tmp_path):
    run = follow(grace=0.3)
    run.start(tmp_path / "run", deaf=True, **LONG)
    wait_until(lambda: run.session.state is State.TRAINING, 20)
    run.session.cancel()
    wait_until(lambda: run.outcome is not None, 20)
    assert run.outcome.state is State.CANCELLED
    assert run.outcome.exit.signal == signal.SIGKILL
    assert [text for text in run.notices if "by force" in text]


def test_a_silent_engine_is_lost_contact_and_comes_back(follow, wait_until, tmp_path):
    run = follow()
    run.start(tmp_path / "run", silent_at=20, **LONG)
    wait_until(lambda: run.session.lost_contact, 20)
    assert run.session.state is State.TRAINING
    os.kill(run.session.pid, signal.SIGCONT)
    wait_until(lambda: not run.session.lost_contact and len(run.steps) > 25, 20)
    assert run.steps == list(range(len(run.steps)))
    run.session.cancel()
    wait_until(lambda: run.outcome is not None, 20)


def test_late_attach_has_the_whole_history_and_can_command(follow, wait_until, tmp_path):
    first = follow()
    first.start(tmp_path / "run", **LONG)
    wait_until(lambda: len(first.steps) > 60, 20)
    first.session.leave()
    seen = len(first.steps)
    late = follow()
    late.session.attach(tmp_path / "run")
    wait_until(lambda: len(late.steps) > seen, 20)
    assert late.steps == list(range(len(late.steps)))
    assert "started" in late.kinds
    assert late.session.state is State.TRAINING
    late.session.stop()
    wait_until(lambda: late.outcome is not None, 20)
    assert late.outcome.state is State.STOPPED
    assert late.seqs == sorted(set(late.seqs))


def test_two_apps_on_one_run_see_the_same_and_either_may_ask(follow, wait_until, tmp_path):
    first, second = follow(), follow()
    first.start(tmp_path / "run", **LONG)
    wait_until(lambda: len(first.steps) > 10, 20)
    second.session.attach(tmp_path / "run")
    both = (first.session, second.session)
    first.session._commands.ask("pause")
    first.session._commands.refuse("pause", "The engine has not answered for 5 s.")
    for asked, verb, state in (
        (1, "pause", State.PAUSED),
        (0, "resume", State.TRAINING),
        (1, "stop", State.STOPPED),
    ):
        wait_until(lambda asked=asked, verb=verb: both[asked].can(verb), 20)
        getattr(both[asked], verb)()
        wait_until(lambda state=state: all(one.state is state for one in both), 20)
    assert first.stages("pause") == ["asked", "refused", "past"], "it rests after all"
    wait_until(lambda: first.outcome is not None and second.outcome is not None, 20)
    assert first.steps == second.steps == list(range(len(first.steps)))
    assert first.seqs == second.seqs
    assert first.outcome.sentence == second.outcome.sentence


def test_an_attached_engine_that_is_killed_shows_as_crashed(follow, wait_until, tmp_path):
    first, late = follow(), follow()
    first.start(tmp_path / "run", **LONG)
    wait_until(lambda: len(first.steps) > 5, 20)
    pid = first.session.pid
    first.session.leave()
    late.session.attach(tmp_path / "run")
    wait_until(lambda: len(late.steps) > 5, 20)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: late.outcome is not None, 20)
    assert late.outcome.state is State.CRASHED
    assert "left no exit code" in late.outcome.sentence


def test_finished_runs_open_from_their_journal(follow, wait_until, tmp_path):
    done, dead = follow(), follow()
    done.start(tmp_path / "done", epochs=3, steps=10)
    dead.start(tmp_path / "dead", epochs=3, steps=10, die_at=15)
    wait_until(lambda: done.outcome is not None and dead.outcome is not None, 30)
    again, wreck = follow(), follow()
    again.session.attach(tmp_path / "done")
    wreck.session.attach(tmp_path / "dead")
    wait_until(lambda: again.outcome is not None and wreck.outcome is not None, 20)
    assert again.outcome.state is State.COMPLETED
    assert again.steps == list(range(30))
    assert wreck.outcome.state is State.CRASHED
    assert wreck.steps == list(range(15))
    assert not again.session.can("cancel")


def test_a_second_run_in_the_same_folder_is_not_mixed_up_with_the_first(follow, wait_until, tmp_path):
    dead, second = follow(), follow()
    dead.start(tmp_path / "run", epochs=3, steps=10, die_at=15)
    wait_until(lambda: dead.outcome is not None, 20)
    assert (tmp_path / "run" / "engine.json").exists(), "a killed engine leaves its connection file"
    second.start(tmp_path / "run", epochs=1, steps=4, launch_seconds=0.5)
    wait_until(lambda: second.outcome is not None, 20)
    assert second.outcome.state is State.COMPLETED
    assert second.steps == list(range(4))


def test_nothing_is_lost_at_two_thousand_events_a_second(follow, wait_until, tmp_path):
    run = follow()
    run.start(tmp_path / "run", epochs=5, steps=2000, batch_seconds=0.0, frames=False)
    wait_until(lambda: run.outcome is not None, 50)
    assert run.outcome.state is State.COMPLETED
    assert run.steps == list(range(10_000))
    assert run.seqs == list(range(1, run.seqs[-1] + 1))


def test_one_session_follows_one_run(follow, tmp_path):
    run = follow()
    run.start(tmp_path / "run", **LONG)
    with pytest.raises(RuntimeError, match="already follows"):
        run.session.attach(tmp_path / "other")
