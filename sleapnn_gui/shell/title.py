"""What the window is called: the config, the run that is followed, and the program."""

from pathlib import Path

from sleapnn_gui.document.document import Document
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.widgets.language import epoch_name, tr

PROGRAM = "sleapnn-gui"


def window_title(document: Document, session: RunSession | None, store: RunStore) -> str:
    """For example "mice.yaml (edited) – fly_01, epoch 3 – sleapnn-gui"."""
    config = f"{document.title}{tr(' (edited)') if document.is_dirty else ''}"
    parts = [config, *([_run(session, store)] if session is not None else []), PROGRAM]
    return " – ".join(parts)


def labels_title(document: Document) -> str:
    """For example "mice.slp + 2", the first of the training labels and how many more there are."""
    paths = document.value("data_config.train_labels_path") or []
    names = [Path(str(path)).name for path in (paths if isinstance(paths, list) else [paths])]
    more = f" + {len(names) - 1}" if len(names) > 1 else ""
    return f"{names[0]}{more}" if names else tr("No labels")


def _run(session: RunSession, store: RunStore) -> str:
    name = store.header.run_name if store.header is not None else ""
    name = name or session.name
    if session.state is State.TRAINING and store.header is not None:
        return f"{name}, {epoch_name(store.epoch)}"
    return f"{name}, {session.state.value}"
