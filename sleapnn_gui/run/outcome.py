"""How a process ended and what became of the run, told in one sentence with the evidence beside it."""

import signal
from pathlib import Path

import attrs

from sleapnn_engine.protocol.counting import Reach
from sleapnn_engine.protocol.events import EpochEnd, EventBody, Failed, Finished, Stopping
from sleapnn_engine.protocol.judging import nothing_found
from sleapnn_engine.protocol.measures import Measured
from sleapnn_gui.run.machine import ExitKind, State
from sleapnn_gui.widgets.language import epoch_name, tr

REFUSED_CODE = 2
INTERRUPTED_CODE = 130

_TRACEBACK = "Traceback (most recent call last)"


@attrs.frozen
class Exit:
    """The end of a process: its exit code, or the signal that ended it, or neither when nobody can tell."""

    code: int | None = None
    signal: int | None = None
    told: str = ""
    """What is known instead of a run whose engine was gone before this window looked."""

    @classmethod
    def from_returncode(cls, returncode: int) -> "Exit":
        """Read what `subprocess` reports: negative numbers are signals."""
        if returncode < 0:
            return cls(signal=-returncode)
        return cls(code=returncode)

    def ending(self, lines: list[str]) -> ExitKind:
        """Judge the exit; `lines` are the last lines of output, in which a traceback betrays a bug."""
        if self.code == 0:
            return ExitKind.CLEAN
        if self.code == REFUSED_CODE:
            return ExitKind.REFUSED
        if self.code == INTERRUPTED_CODE:
            return ExitKind.INTERRUPTED
        said_why = any(line.strip() for line in lines) and not any(_TRACEBACK in line for line in lines)
        return ExitKind.FAILED if self.code == 1 and said_why else ExitKind.BROKEN

    @property
    def sentence(self) -> str:
        """What happened to the process, for example 'The engine was ended by signal 9 (SIGKILL).'"""
        if self.signal is not None:
            return tr(
                "The engine was ended by signal {signal} ({signal_name}).{cause}",
                signal=self.signal,
                signal_name=_signal_name(self.signal),
                cause=_cause(self.signal),
            )
        if self.code is None and self.told:
            return self.told
        if self.code is None:
            return tr("The engine's process is gone and left no exit code.")
        if self.code == 0:
            return tr("The engine ended with exit code 0.")
        return tr("The engine ended with exit code {code}.", code=self.code)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return tr("no known name")


def _cause(number: int) -> str:
    """What usually sends this signal, where that helps."""
    return {
        "SIGKILL": tr(
            " On Linux that is often the system freeing memory: a smaller batch size or cache helps."
        ),
        "SIGSEGV": tr(" That is a fault in native code, often a driver or a damaged file."),
    }.get(_signal_name(number), "")


@attrs.frozen
class Outcome:
    """What became of a run, settled when its process has exited."""

    state: State
    sentence: str
    hint: str = ""
    where: str = ""
    """File or setting the failure is about, where the engine named one."""
    problems: tuple[str, ...] = ()
    """What a refused config has wrong, one sentence each."""
    warnings: tuple[str, ...] = ()
    """What is missing of the result, or wrong with it, one sentence each."""
    last_lines: tuple[str, ...] = ()
    log_path: Path | None = None
    run_dir: Path | None = None
    exit: Exit = Exit()


@attrs.frozen
class LastWords:
    """What the engine said about its end, from its `failed` or `finished` event."""

    message: str = ""
    where: str = ""
    hint: str = ""
    early_stopped: bool = False
    reason: str = ""
    """Why it stopped by itself, in a sentence."""
    best_epoch: int | None = None
    warnings: tuple[str, ...] = ()
    reach: Reach = attrs.field(factory=lambda: Reach(0))

    found: Measured | None = None
    """The figures of the epoch whose model is kept."""

    def after(self, said: EventBody | None) -> "LastWords":
        """With what an event says of the end; others change nothing.

        An engine of before that judged nothing is no reason to keep quiet: the figures say it themselves.
        """
        if isinstance(said, EpochEnd) and said.best:
            return attrs.evolve(self, found=said.error)
        if isinstance(said, Stopping):
            return attrs.evolve(self, reason=said.reason or "")
        if isinstance(said, Failed):
            return attrs.evolve(self, message=said.message, where=said.path or "", hint=said.hint or "")
        if not isinstance(said, Finished):
            return self
        nothing, told = nothing_found(self.found), tuple(said.warnings)
        return attrs.evolve(
            self,
            early_stopped=said.outcome == "early_stopped",
            best_epoch=said.best_epoch,
            warnings=told if not nothing or nothing in told else (*told, nothing),
            reach=Reach(said.epochs, said.steps),
        )


def describe(state: State, leaving: Exit, words: LastWords, lines: list[str]) -> tuple[str, str]:
    """One sentence on what happened and, where there is one, a hint what to do."""
    if state is State.COMPLETED:
        return _completed_sentence(words), ""
    if state is State.STOPPED:
        return _stopped_sentence(words, leaving), ""
    if state is State.CANCELLED:
        return tr("The run was cancelled. Its folder is kept with everything written so far."), ""
    if state is State.FAILED:
        return words.message or _describe_output(leaving, lines), words.hint
    return tr("The engine stopped without saying why. {sentence}", sentence=leaving.sentence), ""


def problems_of(leaving: Exit, lines: list[str], *, config: Path | None = None) -> tuple[str, ...]:
    """What a refused start (exit code 2) lists on its output, one problem a line.

    The path of the temporary `config` in front of a line says nothing to anybody and is left out, and so are
    warnings, which never refuse a start.
    """
    if leaving.code != REFUSED_CODE:
        return ()
    told = (line.strip().removeprefix(f"{config}: ") for line in lines if line.strip())
    return tuple(line for line in told if ": warning: " not in line)


def _completed_sentence(words: LastWords) -> str:
    done = tr("Training is done")
    if words.early_stopped:
        done = tr("Training ended early because validation had stopped improving")
    return f"{done}{_best(words)}."


def _stopped_sentence(words: LastWords, leaving: Exit) -> str:
    after = tr(" after {words}", words=words.reach.text) if words.reach != Reach(0) else ""
    if words.reason and leaving.code != INTERRUPTED_CODE:
        return tr(
            "The run stopped by itself{after} and is kept{best}. {reason}",
            after=after,
            best=_best(words),
            reason=words.reason,
        )
    how = tr("interrupted") if leaving.code == INTERRUPTED_CODE else tr("stopped on request")
    return tr("The run was {how}{after} and kept{best}.", how=how, after=after, best=_best(words))


def _best(words: LastWords) -> str:
    return (
        ""
        if words.best_epoch is None
        else tr("; the best model is from {epoch}", epoch=epoch_name(words.best_epoch))
    )


def _describe_output(leaving: Exit, lines: list[str]) -> str:
    spoken = [line.strip() for line in lines if line.strip()]
    if leaving.code == REFUSED_CODE:
        count = len(problems_of(leaving, lines))
        what = tr("1 problem") if count == 1 else tr("{count} problems", count=count)
        return tr("The engine refused to start: the config has {what}. Nothing was created.", what=what)
    return _last_statement(spoken) if spoken else leaving.sentence


def _last_statement(spoken: list[str]) -> str:
    """The last line, with the line it belongs to where it is one of a list of reasons."""
    first = len(spoken) - 1
    while first and spoken[first].startswith("- "):
        first -= 1
    return "\n".join(spoken[first:])
