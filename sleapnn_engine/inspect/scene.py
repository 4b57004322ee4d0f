"""What a training of a config would learn from, ready to be looked at: its samples, made by the functions that train."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
import torch

from sleapnn_engine.config.build import build_job, model_type
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.geometry import InputPlan
from sleapnn_engine.data.labels import LabelReading
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.samples import CropPlan, CropSamples, FrameSamples
from sleapnn_engine.heads.assemble import build_targets
from sleapnn_engine.heads.kind import Target
from sleapnn_engine.inspect.kept_images import KeptImages
from sleapnn_engine.inspect.known_labels import KnownLabels
from sleapnn_engine.inspect.wanted import Cancelled, require_wanted
from sleapnn_engine.training.inputs.batches import Example, make_example
from sleapnn_engine.training.prepare import Prepared, plan_samples

#: How many configs are remembered: the one being edited, and the one before it, which undo brings back.
KEPT = 2

#: The sections that decide what samples are.
_DECISIVE = ("data_config", "model_config")
#: Sections and keys that do not change which frames, animals, parts and limbs are read, nor how they are split.
_BEHIND_LABELS = (
    "trainer_config",
    "backbone_config",
    "preprocessing",
    "augmentation_config",
    "use_augmentations_train",
    "sigma",
    "output_stride",
    "loss_weight",
)


@attrs.frozen(kw_only=True, eq=False)
class Scene:
    """The training samples of a config, in the order of the labels; `crops` is None where whole images are read."""

    values: Mapping[str, Any]
    job: Job
    plan: InputPlan
    crops: CropPlan | None
    samples: FrameSamples
    targets: tuple[Target, ...]

    @property
    def labels(self) -> LabelSet:
        """The frames that are learned from, with the parts, limbs and identities that the model learns."""
        return self.samples.store.labels

    @property
    def head_names(self) -> dict[str, str]:
        """Name of a head in the checkpoint -> name of its section."""
        return {head: name for name, head in model_type(self.job).heads.items()}

    def place(self, index: int) -> dict[str, Any]:
        """What every answer says of the sample it shows. Raises UserError where there is no such sample."""
        if not 0 <= index < len(self.samples):
            raise UserError(f"There is no sample {index}; there are {len(self.samples)}, counted from 0.")
        frame = self.samples.frame_index(index)
        return {
            "index": index,
            "count": len(self.samples),
            "frame": frame,
            "place": self.labels.place(frame),
            "animal": self.samples.animal_index(index) if isinstance(self.samples, CropSamples) else None,
            "nodes": list(self.samples.nodes),
            "edges": [
                [self.samples.nodes.index(end) for end in edge]
                for edge in self.labels.edges
                if set(edge) <= set(self.samples.nodes)
            ],
        }

    def example(self, index: int, *, targets: Sequence[Target] | None = None) -> Example:
        """One sample as validation would show it, with its targets, or with others than the config has."""
        batch = self.samples.batch(torch.tensor([index]))
        return make_example(batch, self.samples, targets=self.targets if targets is None else targets)


_Read = tuple[tuple[str, ...], dict[str, bool], LabelReading]


@attrs.frozen(eq=False)
class _Remembered:
    """What was made for a config; `data` is the part of it that decides which labels are read, and how."""

    key: str
    data: str
    read: tuple[_Read, ...]
    prepared: Prepared
    scene: Scene


class Scenes:
    """Makes the scene of a config, or hands out the one there is while config and labels stay as they are."""

    def __init__(self, known: KnownLabels, images: KeptImages | None = None) -> None:
        self._known, self._images = known, images or KeptImages()
        self._remembered: list[_Remembered] = []
        self._lock = threading.Lock()

    @contextmanager
    def open(self, values: Mapping[str, Any], cancelled: Cancelled) -> Iterator[Scene]:
        """The scene of a config; files are let go of afterwards, which reading opens again.

        Raises UserError for a config that is wrong or cannot be trained on its labels, and NotWanted.
        """
        with self._lock:
            scene = self._find(values, cancelled)
        try:
            yield scene
        finally:
            scene.labels.close()

    def _find(self, values: Mapping[str, Any], cancelled: Cancelled) -> Scene:
        key, data = _text([values.get(name) for name in _DECISIVE]), _text(_of_labels(values))
        reader = self._known.reader(cancelled)
        still = [
            known
            for known in self._remembered
            if all(reader(paths, **how) is reading for paths, how, reading in known.read)
        ]
        same = next((known for known in still if known.key == key), None)
        if same is not None:
            return attrs.evolve(same.scene, values=values)
        alike = next((known for known in still if known.data == data), None)
        read: list[_Read] = [] if alike is None else list(alike.read)

        def kept(paths: Sequence[str], **how: bool) -> LabelReading:
            reading = reader(paths, **how)
            read.append((tuple(map(str, paths)), how, reading))
            labels = attrs.evolve(reading.labels, sources=self._images.of(reading.labels.sources))
            return attrs.evolve(reading, labels=labels)

        job, found = build_job(values), Findings()
        require_wanted(cancelled)
        prepared = plan_samples(job, found=found, read=kept, opened=None if alike is None else alike.prepared)
        if found.refusals:
            raise found.refusals[0]
        scene = _scene(values, prepared)
        self._remembered = [_Remembered(key, data, tuple(read), prepared, scene), *self._remembered][:KEPT]
        return scene


def _scene(values: Mapping[str, Any], prepared: Prepared) -> Scene:
    parts = prepared.complete()
    return Scene(
        values=values,
        job=prepared.job,
        plan=parts.plan,
        crops=prepared.crops,
        samples=parts.train,
        targets=build_targets(prepared.job, parts.train.store.labels),
    )


def _text(values: Any) -> str:
    return json.dumps(values, sort_keys=True, default=str)


def _of_labels(values: Any) -> Any:
    """A config without what is only asked for once its labels are read and split."""
    if not isinstance(values, Mapping):
        return values
    return {name: _of_labels(value) for name, value in values.items() if name not in _BEHIND_LABELS}
