"""Weights & Biases before a run exists: whether it is installed, whether it may be used, whether it answers."""

import contextlib
import inspect
import os
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import attrs
import psutil

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.schema.weights_and_biases import WandBConfig

SWITCH = "trainer_config.use_wandb"
SECTION = "trainer_config.wandb"
#: Seconds that its server may take to say who the key belongs to, to open a run, and to take what is left at the end.
SIGN_IN_SECONDS, OPEN_SECONDS, FINISH_SECONDS = 15, 60, 120
#: Seconds that its process here may take to end once nothing more is wanted of it.
CLOSE_SECONDS = 10
_WITHOUT = f"or set {SECTION}.wandb_mode to offline or {SWITCH} to false."


@attrs.frozen(kw_only=True)
class WandbSession:
    """Weights & Biases, ready to be used in this process."""

    settings: WandBConfig = attrs.field(repr=False)
    offline: bool
    wandb: ModuleType

    def open_run(self, **arguments: Any) -> Any:
        """A new run there, without a word on the terminal; `arguments` go to `wandb.init`.

        Raises whatever the package raises when it cannot be opened.
        """
        own = self.wandb.Settings(
            api_key=None if self.offline else self.settings.api_key,
            silent=True,
            console="off",
            init_timeout=OPEN_SECONDS,
            finish_timeout=FINISH_SECONDS,
            finish_timeout_raises=True,
        )
        mode = "offline" if self.offline else "online"
        return self.wandb.init(mode=mode, settings=own, **arguments)

    def end_run(self, run: Any, *, exit_code: int) -> None:
        """Send what is left of a run, in a limited time. Raises whatever the package raises when not all was taken."""
        with _limited(FINISH_SECONDS + CLOSE_SECONDS):
            run.finish(exit_code=exit_code)

    def end_service(self, *, exit_code: int) -> None:
        """End the package's process, and with `exit_code` any run that is still open there."""
        # It complains where its process is gone already, which is what is wanted.
        with _limited(CLOSE_SECONDS), contextlib.suppress(Exception):
            self.wandb.teardown(exit_code=exit_code)


@contextlib.contextmanager
def open_wandb_session(job: Job) -> Iterator[WandbSession | None]:
    """Load the package and, unless values are only to be kept here, sign in; None where the job does not ask for it.

    Asks nobody anything and waits a limited time, at the end of the block too. Raises UserError (usage) when the
    package is missing, there is no key, the key is not accepted or the server does not answer.
    """
    if not job.trainer_config.use_wandb:
        yield None
        return
    settings = job.trainer_config.wandb
    offline = _mode(settings) == "offline"
    if settings.api_key:
        # The package keeps the command line with each run.
        sys.argv[:] = [word.replace(settings.api_key, "***") for word in sys.argv]
    session = WandbSession(settings=settings, offline=offline, wandb=_load())
    try:
        if not offline:
            _sign_in(session.wandb, settings.api_key)
        yield session
    finally:
        session.end_service(exit_code=1)


def check_tracking(job: Job) -> None:
    """Raise UserError (usage) where `open_wandb_session` would without asking a server: package missing, switched off."""
    if job.trainer_config.use_wandb:
        _mode(job.trainer_config.wandb)
        _package()


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Kill the package's process if the block takes longer: what waits for it then fails instead of waiting on.

    The package itself waits without limit, and its process does not always end where the server was not reached.
    """
    services = [child for child in psutil.Process().children(recursive=True) if "wandb" in _name(child)]
    last_resort = threading.Timer(seconds, _kill, [services])
    last_resort.daemon = True
    last_resort.start()
    try:
        yield
    finally:
        last_resort.cancel()


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return str(process.name())
    return ""


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()


def _mode(settings: WandBConfig) -> str:
    """What the config says, else what the environment says, else online."""
    mode = settings.wandb_mode or os.environ.get("WANDB_MODE") or "online"
    if mode not in ("online", "offline"):
        raise UserError(
            f"The environment variable WANDB_MODE is {mode}, but this run is to be logged to Weights & Biases.",
            where=SWITCH,
            hint=f"Unset it, {_WITHOUT}",
            usage=True,
        )
    return mode


def _load() -> ModuleType:
    wandb = _package()
    wandb.setup(wandb.Settings(silent=True))
    return wandb


def _package() -> ModuleType:
    # Its reports on its own use and faults would go out even where values are only kept here.
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    install = f"Install it with “{sys.executable} -m pip install --upgrade wandb”, or set {SWITCH} to false."
    try:
        import wandb
    except ImportError as error:
        raise UserError(
            f"Weights & Biases is not installed ({error}).", where=SWITCH, hint=install, usage=True
        ) from error
    if "prompt" not in inspect.signature(wandb.login).parameters:
        raise UserError(
            f"Weights & Biases {wandb.__version__} is too old: it may wait for an answer without end.",
            where=SWITCH,
            hint=install,
            usage=True,
        )
    return wandb


def _sign_in(wandb: ModuleType, key: str | None) -> None:
    """Ask the server who the key belongs to; without a key in the config, that of the environment or a stored login."""
    server = wandb.setup().settings.base_url
    try:
        if not key and not wandb.login(prompt=False):
            raise UserError(
                "There is no API key for Weights & Biases.",
                where=f"{SECTION}.api_key",
                hint="Run “wandb login” once, set the environment variable WANDB_API_KEY, " + _WITHOUT,
                usage=True,
            )
        wandb.Api(timeout=SIGN_IN_SECONDS, api_key=key)
    except (wandb.errors.AuthenticationError, wandb.errors.UsageError) as error:
        raise _unusable(str(error), server=server) from error


def _unusable(reason: str, *, server: str) -> UserError:
    """The package raises the same for a server that is not there and for a key that it does not accept."""
    late = "did not respond in time" in reason
    why = f"no answer within {SIGN_IN_SECONDS} s" if late else reason.rpartition(": ")[2].strip(". \n")[:200]
    return UserError(
        f"Weights & Biases ({server}) cannot be used: {why}.",
        where=SWITCH,
        hint=f"Check the network and the API key, {_WITHOUT}",
        usage=True,
    )
