"""One run as the window sees it: start or attach, follow, command, and learn how it ended. Never blocks the window."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from sleapnn_engine.config.engine_program import engine_of_window
from sleapnn_engine.protocol.messages import Event
from sleapnn_engine.protocol.presence import BEYOND_REACH, EngineStatus, Presence, engine_status
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.run.commands import CommandTrack
from sleapnn_gui.run.journal_link import JournalLink
from sleapnn_gui.run.launch import Launch, prepare
from sleapnn_gui.run.link import LinkEventKind, RunLink
from sleapnn_gui.run.machine import (
    ExitKind,
    Phase,
    RunEvent,
    RunMachine,
    State,
    UnexpectedEventError,
    word_of,
)
from sleapnn_gui.run.outcome import Exit, LastWords, Outcome, describe, problems_of
from sleapnn_gui.run.process import (
    STEP_WORDS,
    ChildEngine,
    DistantEngine,
    Engine,
    Escalation,
    FoundEngine,
    Step,
)
from sleapnn_gui.run.queue import EventQueue, Item
from sleapnn_gui.run.remains import Remains, collect, log_tail
from sleapnn_gui.run.standby import Order, Standby, begin
from sleapnn_gui.widgets.language import tr

TICK_MS = 80
"""How often the window looks at the queue and the process: about twelve times a second."""

REST_MS = 25
"""How long the link rests from when the window takes in what came: until that is drawn."""

GRACE_SECONDS, LOG_LINES = 10.0, 4


class RunSession(QObject):
    """One run from its start, or from where this window finds it, to its end.

    Signals: `state_changed()` when state, phase or contact changed; `events(list)` with everything new, in order
    (`Event` or `Batches`); `command_state(verb, stage, text)` as `CommandTrack` has them;
    `notice(text)` for something worth a line in the log; `distant(text)` that the run can be read from here, and why not
    commanded; `ended(Outcome)` once, when the process has exited.
    """

    state_changed = Signal()
    events = Signal(list)
    command_state = Signal(str, str, str)
    notice = Signal(str)
    distant = Signal(str)
    ended = Signal(object)
    waits_for = ""
    """What has to happen elsewhere before there is something to see."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        engine: Sequence[str] | None = None,
        grace: float = GRACE_SECONDS,
        standby: Standby | None = None,
    ) -> None:
        super().__init__(parent)
        self.machine = RunMachine()
        self.run_dir: Path | None = None
        self.name = ""
        """What a person calls the run, as far as it is known before the engine has spoken."""
        self.outcome: Outcome | None = None
        self.heartbeat: Event | None = None
        self.heartbeat_at = 0.0
        """When the newest heartbeat came, on the monotonic clock."""
        self._command = engine
        self._standby = standby
        self._grace = grace
        self._queue = EventQueue()
        self._link: RunLink | None = None
        self._engine: Engine | None = None
        self.was_over = False
        """Whether the run was over when this window opened it."""
        self._exit: Exit | None = None
        self._words = LastWords()
        self._escalation: Escalation | None = None
        self._commands = CommandTrack(self.command_state.emit)
        self.config: Path | None = None  # as it was given to the engine that this window started
        self._output: Path | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._queue.go_on)
        self._disk = BackgroundTask(self)

    @property
    def state(self) -> State:
        """Where the run is."""
        return self.machine.state

    @property
    def phase(self) -> Phase:
        """What a training engine is busy with."""
        return self.machine.phase

    @property
    def lost_contact(self) -> bool:
        """Whether a run that should speak has fallen silent."""
        return self.machine.lost_contact

    @property
    def quiet_seconds(self) -> float:
        """How long nothing has been heard of the engine; 0 where nothing is to be heard any more."""
        return time.monotonic() - self._link.last_heard if self._link is not None else 0.0

    @property
    def is_over(self) -> bool:
        """Whether the run has ended and everything about it is known."""
        return self.machine.is_over

    @property
    def kept_dir(self) -> Path | None:
        """The run folder; None once the run is over and has left none."""
        return self.run_dir if self.outcome is None else self.outcome.run_dir

    @property
    def is_reading(self) -> bool:
        """Whether the journal of a run that was over is still being read."""
        return self.was_over and not self.is_over

    @property
    def pid(self) -> int | None:
        """The engine's process, where there is one."""
        return self._engine.pid if self._engine is not None else None

    def read_log(self, then: Callable[[Path | None, tuple[str, ...]], None]) -> None:
        """Find the most telling log there is, and hand over its place and last lines as soon as they are read."""
        if self.run_dir is not None and not self._disk.is_at_work:
            read = partial(log_tail, self.run_dir, self._output, lines=LOG_LINES)
            self._disk.begin(read, lambda found: then(*found))

    # -- beginnings ----------------------------------------------------------------------------------------

    def start(
        self,
        config_text: str,
        run_dir: Path | str,
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Launch an engine that trains the config into `run_dir`.

        `folder` is the working folder of the engine, from which relative paths in the config count; `environment` is
        what it is told beside the config, which is written to a file. Raises OSError when the process cannot be
        started, RuntimeError on a session that has a run already.
        """
        self.launch(prepare(config_text, Path(run_dir)), folder=folder, environment=environment)

    def launch(
        self, launch: Launch, *, folder: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """The same with what is prepared; this touches no disk but the launch's own folder."""
        self._claim(launch.run_dir)
        self.config, self._output = launch.config, launch.output
        order = Order(launch.words, launch.output, folder, environment or {})
        try:
            self._engine = begin(order, command=self._command or engine_of_window(), standby=self._standby)
        except OSError:
            launch.discard()
            raise
        previous, older = launch.previous_token, launch.older
        self._follow(RunLink(launch.run_dir, queue=self._queue, previous_token=previous, older=older))

    def attach(self, run_dir: Path | str) -> None:
        """Follow the run in a folder: live with its whole history when its engine runs, else from its journal."""
        self._claim(run_dir)
        assert self.run_dir is not None
        self._disk.begin(partial(engine_status, self.run_dir), self._seen)

    def _seen(self, seen: EngineStatus) -> None:
        assert self.run_dir is not None
        if seen.presence in BEYOND_REACH:
            distant = DistantEngine(self.run_dir)
            self._engine = distant
            self._advance(RunEvent.CONNECTION_FOUND)
            self._follow(JournalLink(self.run_dir, queue=self._queue, watch=distant.watch))
            self.notice.emit(seen.text)
            self.distant.emit(seen.text)
        elif seen.connection is None or seen.presence is not Presence.PRESENT:
            self._open("" if seen.presence is Presence.NONE else seen.text)
        else:
            found = FoundEngine(seen.connection)
            self._engine = found
            self._advance(RunEvent.CONNECTION_FOUND)
            self._follow(RunLink(self.run_dir, queue=self._queue, watch=found.watch))

    def _open(self, told: str) -> None:
        """Read a run whose engine is gone from its journal; `told` is what was seen of it."""
        assert self.run_dir is not None
        self._exit, self.was_over = Exit(told=told), True
        link = RunLink(self.run_dir, queue=self._queue)
        link.finish()
        self._follow(link)

    def _claim(self, run_dir: Path | str) -> None:
        if self.run_dir is not None:
            raise RuntimeError(f"This session already follows {self.run_dir}; make one for each run.")
        self.run_dir = Path(run_dir).absolute()
        self.name = self.run_dir.name

    def _follow(self, link: RunLink) -> None:
        self._link = link
        self.hold_link()
        link.start()
        self._timer.start()
        self.state_changed.emit()

    # -- commands ------------------------------------------------------------------------------------------

    def can(self, verb: str) -> bool:
        """Whether `verb` (one of `verbs.ON_RUN`) makes sense now and is not under way."""
        verb = "stop" if verb == "stop_after_epoch" else verb
        reached = self._engine is not None and self._engine.is_reachable
        return reached and not self._commands.is_open(verb) and self.machine.can(verb)

    def pause(self) -> None:
        """Ask the engine to stand still after the batch in progress."""
        self.ask("pause")

    def resume(self) -> None:
        """Ask a paused engine to go on."""
        self.ask("resume")

    def stop(self, after: str = "batch") -> None:
        """Ask the engine to end training after the `batch` or `epoch` in progress, write its files and leave."""
        self.ask("stop", after=after)

    def stop_when(self, rules: Sequence[str]) -> None:
        """Ask the engine to end training by itself once one of these rules holds; without any, by no rule."""
        self.ask("stop_when", rules=list(rules))

    def cancel(self) -> None:
        """End the run soon, by force if need be: the person's own choice. The run folder is kept."""
        if not self.can("cancel") or self._engine is None or self._link is None:
            return
        self._advance(RunEvent.CANCEL)
        self._escalation = Escalation(self._engine, grace=self._grace)
        if self._link.connected and not self._link.lost:
            self._commands.ask("cancel", self._link.ask("stop", after="batch"))
        else:
            self._commands.ask("cancel")
            self._force("cancel")

    def leave(self) -> None:
        """Stop following; a live engine goes on without this window. May be called twice."""
        self._timer.stop()
        self._disk.drop()
        if self._link is not None:
            self._link.close()
            self._link = None
        if isinstance(self._engine, ChildEngine) and self._exit is None:
            self._engine.detach()
        self._engine = None

    def ask(self, verb: str, **args: Any) -> bool:
        """Ask the engine for one of the protocol's commands; False where that makes no sense now."""
        if not self.can(verb) or self._link is None:
            return False
        self._commands.ask(verb, self._link.ask(verb, **args))
        return True

    def _force(self, verb: str) -> None:
        """Nobody to be polite with: go to the process at once."""
        if self._escalation is not None:
            self._escalation.skip_request()
        self._commands.accept(verb)

    # -- one turn ------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self._link is None:
            return
        self._handle_link_events(self._link)
        drained = self._link.drained
        items = self._queue.pop()
        if items:
            self.hold_link()
            self._handle_events(items)
        self._handle_answers()
        if self._exit is None and self._engine is not None:
            self._exit = self._engine.poll()
            if self._exit is not None:
                self._link.finish()
        if self._exit is None:
            self._press_on()
            if self.machine.set_lost_contact(lost=self._link.lost):
                self.state_changed.emit()
        elif drained and not len(self._queue):
            self._settle(self._exit)

    def hold_link(self) -> None:
        """Two threads at work in one interpreter wait for each other: while the window draws, the link rests."""
        self._queue.hold()
        self._rest.start()

    def _handle_link_events(self, link: RunLink) -> None:
        words = {LinkEventKind.FOUND: RunEvent.CONNECTION_FOUND, LinkEventKind.CONNECTED: RunEvent.CONNECTED}
        for noticed in link.pop_events():
            if noticed.sign is LinkEventKind.CONNECTED and isinstance(self._engine, FoundEngine):
                self._engine.meet(link.hello)
            if noticed.sign is LinkEventKind.CONNECTED or (
                noticed.sign is LinkEventKind.FOUND and self.state in (State.LAUNCHING, State.CONNECTING)
            ):
                self._advance(words[noticed.sign])
            elif noticed.text:
                self.notice.emit(noticed.text)

    def _handle_events(self, items: list[Item]) -> None:
        for item in items:
            if not isinstance(item, Event):
                self._advance(RunEvent.EPOCH)
                continue
            word = word_of(item.typed)
            if word is not None:
                self._advance(word)
            if item.kind == "heartbeat":
                self.heartbeat, self.heartbeat_at = item, time.monotonic()
            self._words = self._words.after(item.typed)
            said = getattr(item.typed, "text", "")
            self._commands.handle_event(item.kind, state=self.state, text=said)
        self.events.emit(items)

    def _advance(self, word: RunEvent) -> None:
        """Give the machine a word. One that is off its table is the engine's mistake: said, not obeyed."""
        try:
            changed = self.machine.advance(word)
        except UnexpectedEventError as error:
            self.notice.emit(tr("{error} It was passed over.", error=error))
            return
        if changed:
            self.state_changed.emit()

    def _handle_answers(self) -> None:
        for verb, why in self._commands.pop_refusals():
            if verb == "cancel":
                self._force(verb)
            else:
                self._commands.refuse(verb, why)

    def _press_on(self) -> None:
        step = self._escalation.tick() if self._escalation is not None else None
        if step is None:
            return
        if step is Step.LEFT_ALONE:
            self._commands.refuse("cancel", STEP_WORDS[step])
        else:
            self.notice.emit(STEP_WORDS[step])

    # -- the end -------------------------------------------------------------------------------------------

    def _settle(self, leaving: Exit) -> None:
        assert self.run_dir is not None
        self._timer.stop()
        self._disk.begin(partial(collect, self.run_dir, self._output), partial(self._end, leaving))

    def _end(self, leaving: Exit, found: Remains) -> None:
        ending = leaving.ending(found.printed) if self._engine is not None else ExitKind.BROKEN
        state = self.machine.end(ending)
        sentence, hint = describe(state, leaving, self._words, found.printed)
        self.outcome = Outcome(
            state=state,
            sentence=sentence,
            hint=hint,
            where=self._words.where,
            warnings=self._words.warnings,
            problems=problems_of(leaving, found.last_lines, config=self.config),
            last_lines=tuple(found.last_lines),
            log_path=found.log_path,
            run_dir=found.run_dir,
            exit=leaving,
        )
        if self._link is not None:
            self._link.close()
            self._link = None
        self._commands.close(state)
        self.state_changed.emit()
        self.ended.emit(self.outcome)
