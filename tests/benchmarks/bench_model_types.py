"""Every model type with every backbone on real labels: how it learns, what it finds, how long it takes, beside sleap-nn.

Run it on a quiet machine: `python -m tests.benchmarks.bench_model_types [--peer PYTHON] [--type T] [--backbone B]`.
Both sides train the same steps on the same labels from the same settings. Then sleap-nn opens both models and predicts
the frames of the test split, which are scored here; without it our own predictions are. Ours runs in the number format
it chooses by itself. The steps are few, so that the whole table takes about an hour on two cores: the figures compare
the two, no more.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import sleap_io as sio

from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.evaluation.scores import PoseScores, Summary
from tests.benchmarks.side_by_side import DATA, ask_peer, epoch_ends, put_all, run_settings, train_ours, write

#: Such that each learns something in few steps; a higher one throws the encoders far off in their first.
LEARNING_RATES = {"unet": 1e-3, "convnext": 2e-4, "swint": 2e-4}
#: Least height of a peak: these models have learned too little to be sure of much.
THRESHOLD = 0.05
#: Input pixels in a cell of every map.
STRIDE = 4
#: The node that both sides take for the centre of an animal: their rules for animals without one differ.
ANCHOR = "thorax"
PRESETS = {
    "single_instance": ("single_instance_unet_medium_rf", "fly32_single"),
    "centroid": ("centroid_unet", "flies13_pair"),
    "centered_instance": ("topdown_centered_instance_unet_medium_rf", "flies13_pair"),
    "bottomup": ("bottomup_unet_medium_rf", "flies13_pair"),
    "multi_class_bottomup": ("multi_class_bottomup_unet", "flies13_sex"),
    "multi_class_topdown": ("topdown_multi_class_centered_instance_unet", "flies13_sex"),
}
#: The preset that a backbone's section is taken from; UNets keep their own.
ENCODERS = {"convnext": "bottomup_convnext", "swint": "centroid_swint"}
BACKBONES = ("unet", *ENCODERS)


@attrs.frozen(kw_only=True)
class Side:
    """What one program reached: validation losses of the first and the last epoch, seconds of the fastest other one."""

    first: float
    last: float
    seconds: float
    scores: Summary

    def cells(self) -> list[str]:
        """For a row of the table."""
        found = self.scores
        return [
            f"{self.first:.4f} → {self.last:.4f}",
            f"{_text(found.median_px, '.1f')} / {_text(found.p90_px, '.1f')}",
            _text(found.f1, ".2f"),
            _text(found.class_accuracy, ".2f"),
            f"{self.seconds:.1f}",
        ]


def main() -> None:
    """Train what the command line names and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="Python of an environment with sleap-nn")
    parser.add_argument("--type", action="append", choices=PRESETS, help="only these model types")
    parser.add_argument("--backbone", action="append", choices=BACKBONES, help="only these backbones")
    parser.add_argument(
        "--steps", type=int, default=60, help="steps of an epoch; a third of them for the large encoders"
    )
    parser.add_argument("--epochs", type=int, default=6)
    args = parser.parse_args()
    names = ["val loss", "px median / p90", "F1", "identity", "s/epoch"]
    sides = ["ours", "sleap-nn"] if args.peer else ["ours"]
    header = ["model type", "backbone", *(f"{side}: {name}" for side in sides for name in names), "time"]
    print(_row(header), _row(["---"] * len(header)), sep="\n", flush=True)
    for backbone in args.backbone or BACKBONES:
        for model_type in args.type or PRESETS:
            print(_row([model_type, backbone, *compare(model_type, backbone, args)]), flush=True)


def compare(model_type: str, backbone: str, args: argparse.Namespace) -> list[str]:
    """The cells of both sides, and the ratio of their times."""
    test = DATA / PRESETS[model_type][1] / "test.pkg.slp"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        values = settings(model_type, backbone, folder, args)
        values["data_config"]["test_file_path"] = str(test)
        train_ours(write(values, folder / "job.yaml", theirs=False), precision="auto", threads=2)
        run = folder / "run"
        if not args.peer:
            return [*our_side(run, run / "labels_pr.test.0.slp", test, model_type).cells(), ""]
        asked = ["--labels", test, "--threshold", str(THRESHOLD)]
        said = ask_peer(args.peer, "predict", run / "training_config.yaml", *asked, threads=2)
        own = our_side(run, Path(said["predicted"]), test, model_type)
        file = write(settings(model_type, backbone, folder, args), folder / "peer.yaml", theirs=True)
        said = ask_peer(args.peer, "train", file, *asked, threads=2)
        peer = Side(
            first=said["val_losses"][0],
            last=said["val_losses"][-1],
            seconds=min(said["train_seconds"][1:]),
            scores=score(Path(said["predicted"]), test, model_type),
        )
        return [*own.cells(), *peer.cells(), f"{own.seconds / peer.seconds:.2f}"]


def our_side(run: Path, predicted: Path, test: Path, model_type: str) -> Side:
    """What our run folder says."""
    ends = epoch_ends(run)
    return Side(
        first=ends[0]["val"],
        last=ends[-1]["val"],
        seconds=min(end["seconds"] for end in ends[1:]),
        scores=score(predicted, test, model_type),
    )


def settings(model_type: str, backbone: str, folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """The type's preset with the backbone of another one, at a size that two cores train in minutes."""
    preset, labels = PRESETS[model_type]
    values = read_config(resource_path("presets", f"config_{preset}.yaml")).values
    steps = args.steps if backbone == "unet" else args.steps // 3
    put_all(
        values,
        run_settings(
            DATA / labels / "train.pkg.slp",
            DATA / labels / "val.pkg.slp",
            folder,
            steps=steps,
            epochs=args.epochs,
        ),
    )
    put_all(values, {"trainer_config.optimizer.lr": LEARNING_RATES[backbone]})
    if model_type != "single_instance":
        # Whole frames at half their size, a quarter for the large encoders; crops hold an animal and more.
        crops = model_type in ("centered_instance", "multi_class_topdown")
        put_all(
            values,
            {
                "data_config.preprocessing.scale": 1.0 if crops else 0.25 if backbone in ENCODERS else 0.5,
                "data_config.preprocessing.crop_size": 128 if crops else None,
            },
        )
    head = values["model_config"]["head_configs"][model_type]
    if "anchor_part" in head["confmaps"]:
        head["confmaps"]["anchor_part"] = ANCHOR
    values["model_config"]["backbone_config"]["unet"]["output_stride"] = STRIDE
    if backbone in ENCODERS:
        _use_encoder(values, backbone)
    for name, part in head.items():
        part["output_stride"] = STRIDE if name != "class_vectors" else 16 if backbone == "unet" else 64
    return values


def _use_encoder(values: dict[str, Any], backbone: str) -> None:
    """Another backbone, with patches of four pixels."""
    preset = read_config(resource_path("presets", f"config_{ENCODERS[backbone]}.yaml")).values
    section = preset["model_config"]["backbone_config"][backbone]
    section |= {"stem_patch_stride": 4, "max_stride": 64, "output_stride": STRIDE}
    values["model_config"]["backbone_config"] = {
        "unet": None,
        "convnext": None,
        "swint": None,
        backbone: section,
    }


def score(predicted: Path, truth: Path, model_type: str) -> Summary:
    """Compare the predictions of a labels file with its labels, in source pixels."""
    labels, found = sio.load_slp(truth.as_posix()), sio.load_slp(predicted.as_posix())
    nodes = [ANCHOR] if model_type == "centroid" else labels.skeleton.node_names
    tracks = [track.name for track in labels.tracks] if model_type.startswith("multi_class") else []
    frames = {
        (found.videos.index(frame.video), frame.frame_idx): frame.instances for frame in found.labeled_frames
    }
    scores = PoseScores(nodes=nodes)
    for frame in labels.labeled_frames:
        there = frames.get((labels.videos.index(frame.video), frame.frame_idx), [])
        real = frame.user_instances
        scores.add(
            _points(there, ["centroid"] if model_type == "centroid" else nodes),
            _points(real, nodes),
            predicted_classes=_classes(there, tracks),
            true_classes=_classes(real, tracks),
        )
    return scores.summary()


def _points(instances: list[Any], nodes: list[str]) -> np.ndarray:
    """(I, N, 2), in the order of `nodes`."""
    empty = np.empty((0, len(nodes), 2))
    rows = [
        animal.numpy()[None, [animal.skeleton.node_names.index(node) for node in nodes]]
        for animal in instances
    ]
    return np.concatenate([empty, *rows])


def _classes(instances: list[Any], tracks: list[str]) -> np.ndarray:
    """int (I,), -1 for none."""
    names = [animal.track.name if animal.track else None for animal in instances]
    return np.array([tracks.index(name) if name in tracks else -1 for name in names], dtype=np.int64)


def _text(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
