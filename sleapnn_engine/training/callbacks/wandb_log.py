"""Writes each epoch's values, and the pictures where asked for, to Weights & Biases."""

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.training.artifacts.resolved_config import FINAL, write_final
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.callbacks.csv_log import epoch_values
from sleapnn_engine.training.callbacks.wandb_session import SECTION, WandbSession
from sleapnn_engine.training.report import log
from sleapnn_engine.training.state import EpochResult, Training


class WandbLog(Callback):
    """Opens a run there before the first step and closes it after the last; what it costs is one message an epoch.

    `pictures` is the folder of the pictures to send, None for none. Once training has begun, nothing that goes wrong
    here ends it.
    """

    def __init__(self, session: WandbSession, *, pictures: Path | None) -> None:
        self._session = session
        self._pictures = pictures
        self._run: Any = None

    @property
    def url(self) -> str | None:
        """The page of the run, None where there is none."""
        return None if self._run is None or self._session.offline else str(self._run.url)

    def fit_begun(self, training: Training) -> None:
        """Open the run, and note in the run's config what it is called there. Raises UserError when it is not opened.

        What is sent as the config is what `training_config.yaml` says, which never holds the key.
        """
        parts = training.parts
        values = read_config(parts.folder / FINAL).values
        settings, offline = self._session.settings, self._session.offline
        name = settings.name or parts.run_name
        try:
            self._run = self._session.open_run(
                dir=str(parts.folder),
                config=values,
                name=name,
                entity=settings.entity,
                project=settings.project,
                group=settings.group,
                id=settings.prv_runid,
                resume="must" if settings.prv_runid and not offline else None,
            )
            # Charts are drawn over epochs; the run's own count of messages goes on where an earlier run ended.
            self._run.define_metric("*", step_metric="epoch")
            self._run.define_metric("val/loss", step_metric="epoch", summary="min")
        except Exception as error:  # a third party's package and server, which fail in their own ways
            raise _not_opened(error, resumed=settings.prv_runid) from error
        tree.put(values, f"{SECTION}.name", name)
        tree.put(values, f"{SECTION}.current_run_id", self._run.id)
        write_final(values, parts.folder)
        _log_address(self._run, offline=offline, resumed=settings.prv_runid)

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        if self._run is None:
            return
        took = self._attempt(
            lambda: self._run.log({**_values(result), **self._images(result.epoch)}),
            "took no values",
            "training goes on without it",
        )
        if not took:
            # More of the same would only fill the log.
            self._close(exit_code=1, quiet=True)

    def fit_ended(self, training: Training, outcome: str) -> None:
        """Send what is left; then remove what was kept here, where the job asks for that or all of it was sent."""
        if self._run is None:
            return
        own, offline = Path(self._run.dir).parent, self._session.offline
        wanted = self._session.settings.delete_local_logs
        if offline:
            done = self._close(exit_code=0)
        else:
            with training.parts.report.phase("save", "Sending the rest to Weights & Biases"):
                done = self._close(exit_code=0)
        if done and (not offline if wanted is None else wanted):
            _remove_local(own)

    def close(self) -> None:
        """End the run there as failed, unless it has ended; what was kept here stays."""
        if self._run is not None:
            self._close(exit_code=1)

    def _images(self, epoch: int) -> dict[str, Any]:
        """The pictures of an epoch, as `viz/train`, `viz/validation` and so on."""
        if self._pictures is None:
            return {}
        paths = sorted(self._pictures.glob(f"*.{epoch:04d}.png"))
        return {f"viz/{path.name.split('.')[0]}": self._session.wandb.Image(str(path)) for path in paths}

    def _close(self, *, exit_code: int, quiet: bool = False) -> bool:
        """End the run there; returns whether everything was taken. `quiet`: that it fails is known already."""
        run, self._run = self._run, None
        rest = f"what is missing can be sent with “wandb sync {Path(run.dir).parent}”"
        done = self._attempt(
            lambda: self._session.end_run(run, exit_code=exit_code),
            "did not take everything",
            rest,
            quiet=quiet,
        )
        self._session.end_service(exit_code=exit_code)
        return done

    def _attempt(self, work: Callable[[], Any], what: str, then: str, *, quiet: bool = False) -> bool:
        """Do some work there; returns whether it was done. A failure is a warning, or nothing at all when `quiet`."""
        try:
            work()
        except Exception as error:  # a third party's package and server; the training is worth more than they
            if not quiet:
                log.warning("Weights & Biases %s (%s); %s.", what, _reason(error), then)
            return False
        return True


def _values(result: EpochResult) -> dict[str, Any]:
    """What is known of an epoch, under the names of `training_log.csv`, and the errors as `val/...`."""
    values: dict[str, float | None] = {**epoch_values(result)}
    if result.errors is not None:
        values |= {
            f"val/{measure.key}": value for measure, value in result.errors.items() if not measure.column
        }
        values |= {f"val/median_px/{node}": value for node, value in result.errors.by_node.items()}
    return {name: value for name, value in values.items() if value is not None}


def _reason(error: Exception) -> str:
    """The first sentence of what an error says; of a service that is gone each call tells another one, and none the user's."""
    if isinstance(error, ConnectionError) or type(error).__name__ == "MailboxClosedError":
        return "its process on this computer has ended"
    said = str(error).strip() or type(error).__name__
    return said.splitlines()[0].split(". ")[0].rstrip(".")


def _not_opened(error: Exception, *, resumed: str | None) -> UserError:
    return UserError(
        f"Weights & Biases did not open a run ({_reason(error)}).",
        where=f"{SECTION}.prv_runid" if resumed else SECTION,
        hint="Check the account, the project and the run to continue, or set trainer_config.use_wandb to false.",
    )


def _log_address(run: Any, *, offline: bool, resumed: str | None) -> None:
    if offline:
        words = f"wandb sync {f'--id {resumed} ' if resumed else ''}{Path(run.dir).parent}"
        log.info("Weights & Biases keeps this run on this computer; send it with “%s”.", words)
    else:
        log.info("Weights & Biases shows this run at %s", run.url)


def _remove_local(own: Path) -> None:
    """Remove the files of one run, the links to them, and the folder around them unless there is more in it."""
    shutil.rmtree(own, ignore_errors=True)
    for path in own.parent.glob("*"):
        if path.is_symlink() and not path.exists():
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not empty: other runs' files stay
        own.parent.rmdir()
