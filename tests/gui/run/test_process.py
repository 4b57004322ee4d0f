"""Starting, watching and ending real processes, and telling what became of them."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from sleapnn_engine.protocol.counting import Reach
from sleapnn_gui.run.machine import ExitKind, State
from sleapnn_gui.run.outcome import Exit, LastWords, describe, problems_of
from sleapnn_gui.run.process import ChildEngine, Escalation, Step, tail

STUBBORN = (
    "import signal, time, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); "
    "time.sleep(60)"
)


def run(tmp_path, code):
    return ChildEngine([sys.executable, "-c", code], output=tmp_path / "engine.out")


def wait_for_exit(engine, seconds=20.0):
    end = time.monotonic() + seconds
    while (leaving := engine.poll()) is None:
        assert time.monotonic() < end, "the process did not end"
        time.sleep(0.01)
    return leaving


def wait_for_text(path: Path, text: str):
    end = time.monotonic() + 20
    while text not in "\n".join(tail(path)):
        assert time.monotonic() < end, f"{text!r} was not printed"
        time.sleep(0.01)


def test_both_outputs_go_to_the_file_and_the_exit_code_is_told(tmp_path):
    engine = run(tmp_path, "import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)")
    assert wait_for_exit(engine) == Exit(code=3)
    assert tail(tmp_path / "engine.out") == ["one", "two"]


def test_terminate_reaches_the_whole_group(tmp_path):
    pid_file = tmp_path / "child.pid"
    code = (
        "import subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        f"open({str(pid_file)!r}, 'w').write(str(child.pid)); print('up', flush=True); time.sleep(60)"
    )
    engine = run(tmp_path, code)
    wait_for_text(tmp_path / "engine.out", "up")
    child = int(pid_file.read_text())
    engine.terminate()
    assert wait_for_exit(engine) == Exit(signal=signal.SIGTERM)
    end = time.monotonic() + 10
    while _running(child):
        assert time.monotonic() < end, "the engine's own child was left behind"
        time.sleep(0.01)


def _running(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_detached_engine_outlives_its_owner(tmp_path):
    engine = run(tmp_path, "import time; print('up', flush=True); time.sleep(60)")
    wait_for_text(tmp_path / "engine.out", "up")
    engine.detach()
    pid = engine.pid
    del engine
    assert _running(pid)
    os.killpg(pid, signal.SIGKILL)


def test_escalation_goes_from_request_to_sigterm_to_sigkill(tmp_path):
    engine = run(tmp_path, STUBBORN)
    wait_for_text(tmp_path / "engine.out", "up")
    now = [100.0]
    escalation = Escalation(engine, grace=10.0, clock=lambda: now[0])
    steps = []
    for later in (5.0, 11.0, 12.0, 22.0, 33.0, 60.0):
        now[0] = 100.0 + later
        steps.append(escalation.tick())
    assert steps == [None, Step.TERMINATED, None, Step.KILLED, Step.GIVEN_UP, None]
    assert wait_for_exit(engine) == Exit(signal=signal.SIGKILL)


class Recorder:
    """Stands where a process would, to see what is asked of it without ending anything."""

    pid = 0
    is_reachable = True

    def __init__(self, *, may_be_ended=True):
        self.asked = []
        self.may_be_ended = may_be_ended

    def poll(self):
        return None

    def terminate(self):
        self.asked.append("terminate")
        return self.may_be_ended

    def kill(self):
        self.asked.append("kill")
        return self.may_be_ended


def test_a_process_that_is_left_alone_is_not_asked_again():
    recorder, now = Recorder(may_be_ended=False), [0.0]
    escalation = Escalation(recorder, grace=10.0, clock=lambda: now[0])
    now[0] = 11.0
    assert escalation.tick() is Step.LEFT_ALONE
    now[0] = 99.0
    assert escalation.tick() is None
    assert recorder.asked == ["terminate"]


def test_skipping_the_request_terminates_at_once():
    recorder = Recorder()
    escalation = Escalation(recorder, grace=10.0, clock=lambda: 7.0)
    escalation.skip_request()
    assert escalation.tick() is Step.TERMINATED
    assert recorder.asked == ["terminate"]


@pytest.mark.parametrize(
    ("leaving", "lines", "ending"),
    [
        (Exit(code=0), [], ExitKind.CLEAN),
        (Exit(code=1), ["config.yaml: no labels"], ExitKind.FAILED),
        (Exit(code=1), [], ExitKind.BROKEN),
        (Exit(code=1), ["Traceback (most recent call last):", "ValueError"], ExitKind.BROKEN),
        (Exit(code=2), ["a problem"], ExitKind.REFUSED),
        (Exit(code=130), [], ExitKind.INTERRUPTED),
        (Exit(code=77), ["?"], ExitKind.BROKEN),
        (Exit(signal=9), [], ExitKind.BROKEN),
        (Exit(), [], ExitKind.BROKEN),
    ],
)
def test_endings(leaving, lines, ending):
    assert leaving.ending(lines) is ending


@pytest.mark.parametrize(
    ("state", "leaving", "words", "lines", "parts"),
    [
        (State.CRASHED, Exit(signal=9), LastWords(), [], ["signal 9", "SIGKILL", "memory"]),
        (State.CRASHED, Exit(signal=11), LastWords(), [], ["SIGSEGV", "native code"]),
        (State.CRASHED, Exit(code=77), LastWords(), [], ["exit code 77"]),
        (State.CRASHED, Exit(), LastWords(), [], ["left no exit code"]),
        (State.FAILED, Exit(code=1), LastWords(message="Disk full.", hint="Free some."), [], ["Disk full."]),
        (State.FAILED, Exit(code=1), LastWords(), ["x", "labels.slp: not found"], ["labels.slp: not found"]),
        (State.FAILED, Exit(code=2), LastWords(), ["a", "b"], ["2 problems", "Nothing was created"]),
        (State.COMPLETED, Exit(code=0), LastWords(best_epoch=4), [], ["done", "epoch 5"]),
        (State.COMPLETED, Exit(code=0), LastWords(early_stopped=True), [], ["stopped improving"]),
        (
            State.STOPPED,
            Exit(code=0),
            LastWords(reach=Reach(3), best_epoch=0),
            [],
            ["after 3 epochs", "epoch 1"],
        ),
        (State.STOPPED, Exit(code=130), LastWords(), [], ["interrupted"]),
        (State.CANCELLED, Exit(signal=15), LastWords(), [], ["cancelled", "folder is kept"]),
    ],
)
def test_sentences_name_what_happened(state, leaving, words, lines, parts):
    sentence, hint = describe(state, leaving, words, lines)
    assert all(part in sentence for part in parts)
    assert sentence.endswith(".") or sentence in lines
    assert hint == (words.hint if state is State.FAILED else "")


def test_problems_of_a_refusal_leave_the_launch_path_out():
    config = Path("/tmp/launch/config.yaml")
    lines = [f"{config}: trainer_config.max_epochs: error: must be positive", "", "second"]
    expected = ("trainer_config.max_epochs: error: must be positive", "second")
    assert problems_of(Exit(code=2), lines, config=config) == expected
    assert problems_of(Exit(code=1), lines, config=config) == ()


def test_tail_of_progress_output(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"first\r\n 10%\r 50%\r100%\nlast\xff\n\n")
    assert tail(path) == ["first", "100%", "last�"]
    assert tail(path, lines=1) == ["last�"]
    assert tail(tmp_path / "missing") == []
