"""Going on with a training that ended: its own config with its last checkpoint, made ready to start in a folder of its own."""

from pathlib import Path

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import copy_values, dump_config
from sleapnn_engine.config.reader import TRAINER, ConfigReader
from sleapnn_engine.config.run_models import CONFIGS, values_of
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.protocol.checkpoint_reach import checkpoint_reach
from sleapnn_gui.run.folders import next_run_dir
from sleapnn_gui.run.launch import Launch, prepare
from sleapnn_gui.widgets.language import counted, tr

CHECKPOINT = "last.ckpt"


@attrs.frozen
class Resumed:
    """An engine that may start, and a sentence on what it goes on with."""

    launch: Launch
    sentence: str


def prepare_resuming(folder: Path) -> Resumed | str:
    """Make everything ready to go on with the run in a folder, or say why that cannot be. For a thread."""
    checkpoint = folder / CHECKPOINT
    if not checkpoint.is_file():
        return tr(
            "{folder} cannot go on: it has no {checkpoint}. Start from its weights instead, where it has kept a model.",
            folder=folder.name,
            checkpoint=CHECKPOINT,
        )
    config = next((folder / name for name in CONFIGS if (folder / name).is_file()), None)
    if config is None:
        return tr("{folder} cannot go on: its config is not there any more.", folder=folder.name)
    try:
        values = copy_values(values_of(config))
        for name, value in (
            ("resume_ckpt_path", str(checkpoint)),
            ("ckpt_dir", str(folder.parent)),
            ("run_name", folder.name),
        ):
            tree.put(values, TRAINER + name, value)
        view, reach = ConfigReader(values), checkpoint_reach(checkpoint)
        planned = view.value(TRAINER + "max_epochs")
        if reach is not None and isinstance(planned, int) and reach.epochs >= planned:
            return tr(
                "{folder} has trained all of its {epochs}. To train it longer, press “Train "
                "again…”, raise “{label}”, and name its {checkpoint} as what to go on from.",
                folder=folder.name,
                epochs=counted(planned, "epoch", spec=","),
                label=tr(SPEC.keys[TRAINER + "max_epochs"].meta.label),
                checkpoint=CHECKPOINT,
            )
        run_dir = next_run_dir(view, base=folder.parent)
        launch = prepare(dump_config(values), run_dir)
    except UserError as problem:
        return str(problem)
    except OSError as problem:
        return tr("{folder} cannot go on: {reason}.", folder=folder.name, reason=reason_of(problem))
    after = tr(", after {words}", words=reach.text) if reach is not None else ""
    return Resumed(
        launch,
        tr(
            "{folder} goes on from its last checkpoint{after}, in a folder of its own: {run_dir}. "
            "The earlier one stays as it is.",
            folder=folder.name,
            after=after,
            run_dir=run_dir.name,
        ),
    )
