"""One trained network at work: images to animals, by the same preparation of images as in training."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import torch

from sleapnn_engine.data.frames import HeldFrames
from sleapnn_engine.data.records import LabeledFrame, LabelSet, edge_table
from sleapnn_engine.data.samples import CropSamples, FrameSamples, network_input
from sleapnn_engine.decoding.animals import Animals, PredictedFrame
from sleapnn_engine.decoding.grouping import Grouping
from sleapnn_engine.decoding.identities import assign_classes
from sleapnn_engine.decoding.peaks import Refinement
from sleapnn_engine.inference.decode import Decoder
from sleapnn_engine.inference.input_plans import samples_of
from sleapnn_engine.inference.trained import Trained
from sleapnn_engine.models.device import computing_in, to_device
from sleapnn_engine.models.packed import pack_weights

#: How many times as many crops go through a network at once, at most, where they are small.
_MOST_CROPS = 8


@attrs.frozen(kw_only=True)
class Settings:
    """How outputs are read. The defaults are those of other programs of the family.

    `peak_threshold` is the least height of a peak that is a point; `refinement` None leaves points on the cells of the
    map. `max_instances` keeps that many animals of a frame, the most certain. `grouping` is how parts are joined along
    limbs.
    """

    peak_threshold: float = 0.2
    refinement: Refinement | None = "integral"
    max_instances: int | None = None
    grouping: Grouping = attrs.field(factory=Grouping)


@attrs.frozen(eq=False)
class Shown:
    """A frame to be looked at: `image` uint8 (height, width, 1 or 3), RGB, and its place, which comes back with it.

    `centers` float (I, 2), x, y in its pixels, are where animals are known to be, for a model of crops by itself.
    """

    image: np.ndarray
    video: int = 0
    frame_index: int = 0
    centers: np.ndarray | None = None


@attrs.frozen(eq=False, kw_only=True)
class Stage:
    """A network on its device. `batch_size` frames go through it at once, and as many crops as fill them, or a few times more."""

    trained: Trained
    decoder: Decoder
    device: torch.device
    precision: str
    batch_size: int
    most: int | None = None

    @classmethod
    def of(
        cls, trained: Trained, *, device: torch.device, precision: str, batch_size: int, settings: Settings
    ) -> Stage:
        """Put a trained network on a device, from here on for this use alone, and read its outputs as `settings` say."""
        to_device(trained.network, device)
        if device.type == "cpu" and precision == "32":
            pack_weights(trained.network)
        decoder = Decoder(
            model_type=trained.kind.key,
            n_nodes=len(trained.names.nodes),
            edges=np.array(edge_table(trained.names.nodes, trained.limbs), dtype=np.int64).reshape(-1, 2),
            strides=trained.network.strides,
            threshold=settings.peak_threshold,
            refinement=settings.refinement,
            grouping=settings.grouping,
        )
        most = None if trained.kind.one_animal else settings.max_instances
        return cls(
            trained=trained,
            decoder=decoder,
            device=device,
            precision=precision,
            batch_size=batch_size,
            most=most,
        )

    def pixels(self, frames: Sequence[Shown]) -> torch.Tensor:
        """Frames of one size as this network's input, or what its crops are cut from: uint8 (F, C, H, W)."""
        plan = self.trained.plan(_size(frames[0]))
        return torch.stack([plan.render(frame.image) for frame in frames])

    def find(
        self, frames: Sequence[Shown], pixels: torch.Tensor, *, scores: Sequence[np.ndarray] | None = None
    ) -> list[PredictedFrame]:
        """What is on frames of one size, given their `pixels`.

        A network of crops looks around the centres of each frame; `scores` (I,) say how certain those are, 1 where
        they are known.
        """
        plan = self.trained.plan(_size(frames[0]))
        labels = _held(frames, nodes=self.trained.names.nodes)
        store = HeldFrames(labels, plan, pixels=pixels.to(self.device))
        samples = samples_of(self.trained.job, store, self.trained.crops)
        found: list[list[tuple[int, Animals]]] = [[] for _ in frames]
        for indices in torch.arange(len(samples)).split(self._at_once(pixels)):
            for index, animals in zip(indices.tolist(), self._decoded(samples, indices), strict=True):
                found[samples.frame_index(index)].append((index, animals))
        return [
            self._frame(samples, frame, crops, scores=None if scores is None else scores[place])
            for place, (frame, crops) in enumerate(zip(frames, found, strict=True))
        ]

    def _at_once(self, pixels: torch.Tensor) -> int:
        """Samples in a batch: frames as said, and of crops more where they are small beside the frames they are cut from."""
        if self.trained.crops is None:
            return self.batch_size
        fill = pixels.shape[-2] * pixels.shape[-1] // self.trained.crops.input_side**2
        return self.batch_size * min(max(fill, 1), _MOST_CROPS)

    def _decoded(self, samples: FrameSamples, indices: torch.Tensor) -> list[Animals]:
        images, _ = network_input(samples, samples.batch(indices).to(self.device))
        with torch.inference_mode(), computing_in(self.precision, self.device):
            outputs: dict[str, torch.Tensor] = self.trained.network(images)
        animals = [one.select(slice(self.most)) for one in self.decoder(outputs)]
        head = self.trained.kind.whole_image
        if head is None:
            return animals
        vectors = outputs[head].float().cpu().numpy()
        return [
            attrs.evolve(one, class_scores=vector[None]) for one, vector in zip(animals, vectors, strict=True)
        ]

    def _frame(
        self,
        samples: FrameSamples,
        frame: Shown,
        crops: Sequence[tuple[int, Animals]],
        *,
        scores: np.ndarray | None,
    ) -> PredictedFrame:
        """Put the animals of one frame together, those of several crops too; no identity is given twice."""
        n_nodes = len(self.trained.names.nodes)
        found = [animals for _, animals in crops]
        points = [samples.to_source(index, animals.points) for index, animals in crops]
        chances = [animals.class_scores for animals in found]
        if found and self.trained.kind.whole_image is not None:
            classes, certain = assign_classes(np.concatenate(chances), np.zeros(len(chances), dtype=np.int64))
        else:
            classes = np.concatenate([np.zeros(0, dtype=np.int64), *(animals.classes for animals in found)])
            certain = np.concatenate([np.zeros(0, dtype=np.float32), *chances])
        given = (self._scores(samples, index, animals, scores) for index, animals in crops)
        return PredictedFrame(
            video=frame.video,
            frame_index=frame.frame_index,
            points=np.concatenate([np.zeros((0, n_nodes, 2)), *points]),
            node_scores=np.concatenate([np.zeros((0, n_nodes)), *(animals.node_scores for animals in found)]),
            scores=np.concatenate([np.zeros(0), *given]),
            classes=classes,
            class_scores=certain,
        )

    def _scores(
        self, samples: FrameSamples, index: int, animals: Animals, centers: np.ndarray | None
    ) -> np.ndarray:
        """Scores (I,) as other programs give them: the sum of the peaks of an only animal, that of its centre in a crop."""
        if isinstance(samples, CropSamples):
            known = 1.0 if centers is None else float(centers[samples.animal_index(index)])
            return np.full(len(animals), known)
        return animals.node_scores.sum(axis=1) if self.trained.kind.one_animal else animals.scores


def _size(frame: Shown) -> tuple[int, int, int]:
    height, width, channels = frame.image.shape
    return height, width, channels


def _held(frames: Sequence[Shown], *, nodes: tuple[str, ...]) -> LabelSet:
    """Frames as a label set that knows no more of them than their sizes and the centres of animals."""
    return LabelSet(
        files=(),
        nodes=nodes,
        edges=(),
        symmetries=(),
        tracks=(),
        videos=(),
        frames=tuple(_labelled(frame, n_nodes=len(nodes)) for frame in frames),
    )


def _labelled(frame: Shown, *, n_nodes: int) -> LabeledFrame:
    centers = np.zeros((0, 2)) if frame.centers is None else np.asarray(frame.centers).reshape(-1, 2)
    count = len(centers)
    return LabeledFrame(
        file_index=0,
        video_index=0,
        frame_index=frame.frame_index,
        points=np.full((count, n_nodes, 2), np.nan, dtype=np.float32),
        track_index=np.full(count, -1, dtype=np.int64),
        is_user=np.zeros(count, dtype=bool),
        size=_size(frame),
        centers=centers.astype(np.float32),
    )
