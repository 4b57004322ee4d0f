"""The side of sleap-nn: run by the Python of its own environment, needs nothing of this project, prints one line of JSON.

`their_side.py predict JOBS.json` predicts what is listed there ({labels, output, runs} each), `train CONFIG...` trains,
`verify CONFIG...` says of each config why it is refused, or null, `figures RUN...` says what it reads of metrics,
`evaluated TRUTH PREDICTED...` what it measures. Of SLEAP, `watch PUBLISH CONTROL` opens the window that follows a training
and presses its button after two epochs, `listed LABELS` says what its lists of trained models show, and `shown LABELS`
opens its main window on labels and says what it lists as suggestions and what is on each labelled or suggested frame.
"""

import json
import sys
import time
from pathlib import Path

import torch
from omegaconf import OmegaConf


def predict(jobs: str) -> dict[str, object]:
    """Predict all frames of labels with a model, or a pair, in the usual way; why it failed, by output."""
    from sleap_nn.inference.run import predict as run

    found: dict[str, object] = {}
    for job in json.loads(Path(jobs).read_text()):
        try:
            run(
                job["labels"],
                model_paths=job["runs"],
                device="cpu",
                output_path=job["output"],
                peak_threshold=0.2,
            )
            found[job["output"]] = None
        except Exception as error:  # any reason is told
            found[job["output"]] = f"{type(error).__name__}: {error}"
    return found


def train(*configs: str) -> dict[str, object]:
    """Train as each config says; why one failed, by its file."""
    from sleap_nn.training.model_trainer import ModelTrainer

    found: dict[str, object] = {}
    for config in configs:
        try:
            ModelTrainer.get_model_trainer_from_config(OmegaConf.load(config)).train()
            found[config] = None
        except Exception as error:  # any reason is told
            found[config] = f"{type(error).__name__}: {error}"
    return found


def figures(*runs: str) -> dict[str, object]:
    """What its own reader takes from the figures of each run's validation frames."""
    from sleap_nn.evaluation import load_metrics

    found: dict[str, object] = {}
    for run in runs:
        read = load_metrics(run, split="val")
        found[run] = {
            section: {name: value for name, value in part.items() if isinstance(value, int | float)}
            for section, part in read.items()
        }
    return found


def evaluated(*files: str) -> dict[str, object]:
    """All that it measures of labels and the predictions that follow, by the predictions."""
    from sleap_nn.evaluation import _metrics_to_json_safe, run_evaluation

    return {
        predicted: _metrics_to_json_safe(run_evaluation(truth, predicted, match_method="auto"))
        for truth, predicted in zip(files[::2], files[1::2], strict=True)
    }


def verify(*configs: str) -> dict[str, object]:
    """Why each config is refused, by its file."""
    from sleap_nn.config.training_job_config import verify_training_cfg

    found: dict[str, object] = {}
    for config in configs:
        try:
            verify_training_cfg(OmegaConf.load(config))
            found[config] = None
        except Exception as error:  # any reason is told
            found[config] = f"{type(error).__name__}: {error}"
    return found


def watch(publish: str, control: str) -> dict[str, object]:
    """Follow a training on two ports until it ends; it is stopped after two epochs."""
    from qtpy import QtWidgets
    from sleap.gui.widgets.monitor import LossViewer

    app = QtWidgets.QApplication([])
    viewer = LossViewer({"publish_port": int(publish), "controller_port": int(control)})
    viewer.reset(what="single_instance")
    pressed: list[int] = []

    def stop() -> None:
        if viewer.epoch >= 1 and not pressed:
            pressed.append(viewer.epoch + 1)
            viewer.stop_button.click()

    viewer.on_epoch.connect(stop)
    until = time.monotonic() + 200
    while (viewer.t0 is None or viewer.is_running) and time.monotonic() < until:
        app.processEvents()
        time.sleep(0.005)
    return {
        "pressed_after": pressed[0] if pressed else 0,
        "epochs": viewer.epoch + 1,
        "val": viewer.last_epoch_val_loss,
        "ended": viewer.t0 is not None and not viewer.is_running,
        "batches": len(viewer.X),
    }


def listed(labels: str) -> dict[str, object]:
    """What is offered where a model is chosen, and what the table of figures shows, for the models beside a labels file."""
    from qtpy import QtWidgets
    from sleap.gui.dialogs.metrics import MetricsTableDialog
    from sleap.gui.learning.configs import TrainingConfigsGetter

    app = QtWidgets.QApplication([])
    getter = TrainingConfigsGetter.make_from_labels_filename(labels)
    found = getter.get_filtered_configs(only_trained=True)
    dialog = MetricsTableDialog(labels)
    app.processEvents()
    return {
        "models": [
            {
                "head": one.head_name,
                "nodes": [node.name for node in one.skeleton.nodes],
                "counts": [
                    one.training_instance_count,
                    one.training_frame_count,
                    one.validation_instance_count,
                    one.validation_frame_count,
                ],
            }
            for one in found
        ],
        "by_head": {
            head: [one.path_dir for one in getter.get_filtered_configs(head_filter=head, only_trained=True)]
            for head in sorted({one.head_name for one in found})
        },
        "table": [
            {name: str(value) for name, value in row.items() if name in dialog.table_model.properties}
            for row in dialog.table_model.items
        ],
    }


def shown(labels: str) -> dict[str, object]:
    """What the main window has of a file: its lists, and what is shown where each suggested or labelled frame is gone to."""
    from qtpy import QtWidgets
    from sleap.gui.app import MainWindow

    app = QtWidgets.QApplication([])
    window = MainWindow(labels_path=labels, no_usage_data=True)
    window.commands.loadProjectFile(labels)
    app.processEvents()
    rows = window.suggestions_dock.table.model().items
    seen = []
    for frame in [*window.labels.suggestions, *window.labels.labeled_frames]:
        window.commands.gotoVideoAndFrame(frame.video, frame.frame_idx)
        app.processEvents()
        there = window.state["labeled_frame"]
        seen.append(
            {
                "frame": int(window.state["frame_idx"]),
                "user": len(there.user_instances),
                "predicted": len(there.predicted_instances),
                "image": list(window.state["video"][frame.frame_idx].shape),
                "instances": [
                    {key: str(value) for key, value in row.items() if isinstance(value, str | int | float)}
                    for row in window.instances_dock.table.model().items
                ],
            }
        )
    labels_ = window.labels
    return {
        "rows": [[row["video"], row["frame"], row["labeled"]] for row in rows],
        "seen": seen,
        "tracks": [track.name for track in labels_.tracks],
        "nodes": list(window.state["skeleton"].node_names),
        "edges": [list(edge) for edge in window.state["skeleton"].edge_names],
        "provenance": {name: str(value) for name, value in labels_.provenance.items()},
        "points": [[one.numpy().tolist() for one in frame.instances] for frame in labels_.labeled_frames],
        "scores": [
            [float(one.score) for one in frame.instances if hasattr(one, "score")]
            for frame in labels_.labeled_frames
        ],
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    acts = (predict, train, figures, evaluated, verify, watch, listed, shown)
    act = next(act for act in acts if act.__name__ == sys.argv[1])
    print(json.dumps(act(*sys.argv[2:])))
