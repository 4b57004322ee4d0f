"""Trained models used on images: one model, or the pair of one that finds animals and one that looks at each."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import groupby
from pathlib import Path

import attrs
import numpy as np
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.findings import gathered
from sleapnn_engine.config.predict_options import Group, why_unused
from sleapnn_engine.data.loader import ReadAhead
from sleapnn_engine.decoding.animals import PoseNames, PredictedFrame
from sleapnn_engine.inference.stage import Settings, Shown, Stage
from sleapnn_engine.inference.trained import Trained, read_trained
from sleapnn_engine.models.device import format_on, open_device, prepare_cpu

#: As other programs of the family have it.
BATCH_SIZE = 4


@attrs.frozen(eq=False)
class Wanted:
    """A frame to predict: its place, which comes back with it, and how its image is read.

    `read` returns uint8 (height, width, 1 or 3), RGB. A frame for which it raises ValueError, OSError, IndexError or
    KeyError is skipped; anything else that it raises ends the work. `centers` are those of `Shown`.
    """

    video: int
    frame_index: int
    read: Callable[[], np.ndarray]
    centers: np.ndarray | None = None


@attrs.frozen
class Skipped:
    """A frame that could not be read, and why."""

    video: int
    frame_index: int
    reason: str


@attrs.frozen(eq=False)
class Done:
    """Frames that were asked for together, in their order: what is on them, and those that could not be read."""

    frames: list[PredictedFrame]
    skipped: list[Skipped]

    def __len__(self) -> int:
        return len(self.frames) + len(self.skipped)


@attrs.frozen(eq=False)
class _Ready:
    """Frames of one size with the input that each stage makes of them."""

    frames: list[Shown]
    pixels: list[torch.Tensor]


@attrs.frozen(eq=False)
class Predictor:
    """Finds animals on images with the model of a run folder, or with a pair of them.

        predictor = Predictor.open(["models/centroid", "models/centered"], device="auto")
        for poses in predictor.predict(frames):
            poses.points  # (animals, nodes, 2): x, y in pixels of the frame, NaN where a node was not found

    Points have the centre of the first pixel at 0, 0. A model of crops by itself looks around centres that it is given.
    """

    stages: tuple[Stage, ...]
    batch_size: int = BATCH_SIZE

    @classmethod
    def open(
        cls,
        run_dirs: Sequence[Path | str] | Path | str,
        *,
        device: str | torch.device = "auto",
        precision: str = "32",
        batch_size: int = BATCH_SIZE,
        settings: Settings | None = None,
    ) -> Predictor:
        """Read one run folder, or two that make a pair, in any order; a checkpoint in a folder may stand for it.

        `device` is auto, cpu, cuda, cuda:1 or mps; `precision` the number format, 32, bf16, 16, or auto for bf16
        on graphics cards that are fast at it. Raises UserError (usage) with everything that speaks against it: missing or damaged folders,
        no such device, two models that are no pair, settings that these models have no use for.
        """
        given = [run_dirs] if isinstance(run_dirs, Path | str) else list(run_dirs)
        settings = Settings() if settings is None else settings
        place: list[torch.device] = []
        trained: list[Trained] = []

        def choose_device() -> None:
            chosen = open_device(device) if isinstance(device, str) else device
            format_on([chosen], precision=precision)
            place.append(chosen)

        gathered(
            [choose_device, *(lambda path=path: trained.append(read_trained(Path(path))) for path in given)],
            what="The models cannot be used",
        )
        return cls.of(trained, device=place[0], precision=precision, batch_size=batch_size, settings=settings)

    @classmethod
    def of(
        cls,
        trained: Sequence[Trained],
        *,
        device: torch.device,
        precision: str = "32",
        batch_size: int = BATCH_SIZE,
        settings: Settings | None = None,
    ) -> Predictor:
        """The same of models that were read. Raises UserError (usage) where they are no pair, or of no use so."""
        settings = Settings() if settings is None else settings
        ordered = in_order(trained)
        require_use(settings, ordered)
        if device.type == "cpu":
            prepare_cpu()
        numbers = format_on([device], precision=precision)
        stages = tuple(
            Stage.of(one, device=device, precision=numbers, batch_size=batch_size, settings=settings)
            for one in ordered
        )
        return cls(stages, batch_size)

    @property
    def names(self) -> PoseNames:
        """What numbers of nodes and classes stand for."""
        return self.stages[-1].trained.names

    @property
    def needs_centers(self) -> bool:
        """Whether it only looks at animals whose place is known."""
        return self.stages[0].trained.kind.cropped

    @property
    def notes(self) -> list[str]:
        """Sentences on what should be known of the models."""
        said = [note for stage in self.stages for note in stage.trained.notes]
        centres = [stage.trained.centring for stage in self.stages]
        if len(centres) == 2 and centres[0] != centres[1]:
            first, second = (
                one.words if centres[0].words != centres[1].words else one.in_full for one in centres
            )
            said.append(
                f"The first model of the pair finds {first} of an animal, and the second was trained on crops around "
                f"{second}: its crops are off-centre."
            )
        return said

    def predict(
        self,
        frames: np.ndarray | Iterable[np.ndarray],
        *,
        centers: Sequence[np.ndarray] | None = None,
    ) -> list[PredictedFrame]:
        """Find the animals on some images, which may differ in size; one result each, in their order.

        `frames` are uint8 (F, height, width), (F, height, width, 1 or 3), or that many single images, RGB. `centers`
        are (I, 2) x, y of the known animals on each, for a model of crops by itself. Raises ValueError for arrays that
        are no images, and UserError where centres are missing or not read.
        """
        images = [_image(frame) for frame in frames]
        if self.needs_centers != (centers is not None) or (
            centers is not None and len(centers) != len(images)
        ):
            raise UserError(
                "This model only looks at animals whose place is known: it needs their centres on every image."
                if self.needs_centers
                else "These models find animals by themselves, so centres are not read.",
                usage=True,
            )
        wanted = (
            Wanted(0, place, partial(np.asarray, image), None if centers is None else centers[place])
            for place, image in enumerate(images)
        )
        return [frame for done in self.run(wanted, workers=0) for frame in done.frames]

    def run(self, wanted: Iterable[Wanted], *, workers: int = 1) -> Generator[Done]:
        """Predict a stream of frames, however long: batch after batch, in its order.

        `workers` threads read and prepare the next batches meanwhile, never more than two beyond their number.
        """
        with closing(ReadAhead(self._prepare, _batches(wanted, self.batch_size), workers=workers)) as ahead:
            for ready, skipped in ahead:
                yield Done([frame for part in ready for frame in self._find(part)], skipped)

    def _prepare(self, batch: Sequence[Wanted]) -> tuple[list[_Ready], list[Skipped]]:
        """Read frames and make the network's input of them, those of one size together."""
        shown, skipped = [], []
        for one in batch:
            try:
                image = one.read()
            except (ValueError, OSError, IndexError, KeyError) as error:
                skipped.append(Skipped(one.video, one.frame_index, str(error)))
            else:
                shown.append(Shown(image, one.video, one.frame_index, one.centers))
        parts = [list(part) for _, part in groupby(shown, key=lambda one: one.image.shape)]
        return [_Ready(part, [stage.pixels(part) for stage in self.stages]) for part in parts], skipped

    def _find(self, ready: _Ready) -> list[PredictedFrame]:
        first = self.stages[0].find(ready.frames, ready.pixels[0])
        if len(self.stages) == 1:
            return first
        around = [
            attrs.evolve(frame, centers=found.points[:, 0])
            for frame, found in zip(ready.frames, first, strict=True)
        ]
        return self.stages[1].find(around, ready.pixels[1], scores=[found.scores for found in first])


def in_order(trained: Sequence[Trained]) -> list[Trained]:
    """One model, or a pair in the order they work. Raises UserError (usage) for others."""
    if len(trained) == 1 or (len(trained) == 2 and trained[0].kind.pairs_with(trained[1].kind)):
        return sorted(trained, key=lambda one: one.kind.cropped)
    listed = ", ".join(f"{one.weights.parent.name} ({one.kind.key})" for one in trained)
    raise UserError(
        f"These models do not work together: {listed}." if trained else "No model is given.",
        where="RUN_DIR",
        hint="Give one model, or two: one that finds centroids, and one of crops around animals.",
        usage=True,
    )


def require_use(settings: Settings, trained: Sequence[Trained]) -> None:
    """Raise UserError (usage) where settings are given that these models have no use for, all of them at once."""
    kinds = [one.kind for one in trained]
    refused = []
    if settings.max_instances is not None and (why := why_unused("max_instances", kinds)):
        refused.append(("--max-instances", why))
    usual = Settings().grouping
    if settings.grouping.identities != usual.identities and (why := why_unused("identities", kinds)):
        refused.append(("--identities", why))
    limbs = attrs.evolve(settings.grouping, identities=usual.identities)
    if limbs != usual and (why := why_unused(Group.LIMBS, kinds)):
        refused.append(("PAF options", why))

    def refusing(where: str, text: str) -> Callable[[], None]:
        def refuse() -> None:
            raise UserError(text, where=where, hint="Leave it out.", usage=True)

        return refuse

    gathered([refusing(where, text) for where, text in refused], what="The options cannot be used")


def _batches(wanted: Iterable[Wanted], size: int) -> Iterator[list[Wanted]]:
    batch: list[Wanted] = []
    for one in wanted:
        batch.append(one)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _image(frame: np.ndarray) -> np.ndarray:
    image = np.asarray(frame)
    image = image[..., None] if image.ndim == 2 else image
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (1, 3) or not image.size:
        raise ValueError(
            f"a frame is uint8 (height, width) or (height, width, 1 or 3), not {image.dtype} {image.shape}"
        )
    return image
