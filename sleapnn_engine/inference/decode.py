"""From a network's outputs to animals, for every model type."""

from __future__ import annotations

import attrs
import numpy as np
import torch

from sleapnn_engine.config.model_types import MODEL_TYPES, ModelType
from sleapnn_engine.inference.animals import Animals, make_animals
from sleapnn_engine.inference.grouping import Grouping, group_along_fields
from sleapnn_engine.inference.identities import group_by_class
from sleapnn_engine.inference.peaks import Peaks, Refinement, global_peaks, local_peaks

# An untrained network shows peaks everywhere; beyond this many of a node they cost time and mean nothing.
_MOST_PEAKS = 100
# Each of these is an animal by itself, and nothing has to be paired.
_MOST_CENTRES = 1000


@attrs.frozen(eq=False, kw_only=True)
class Decoder:
    """Reads the outputs of one model type.

    `n_nodes` counts the skeleton's nodes (a centroid model decodes to one, whatever it says); `edges` int (E, 2) is
    needed by bottomup; `strides` gives input pixels per cell for each head that makes maps, by its name in the
    checkpoint. `threshold` and `refinement` are those of `peaks`, `grouping` that of bottomup.

    Scores: one animal per image, centred or not: mean height of its peaks, nodes not found counting 0; centroids:
    height of the peak; bottomup: sum of its lines' scores; multi_class_bottomup: mean height of the peaks found.
    """

    model_type: str
    n_nodes: int
    edges: np.ndarray | None = None
    strides: dict[str, int] = attrs.field(factory=dict)
    threshold: float = 0.2
    refinement: Refinement | None = "integral"
    grouping: Grouping = attrs.field(factory=Grouping)

    def __call__(self, outputs: dict[str, torch.Tensor]) -> list[Animals]:
        """Decode the outputs by head name, each (B, ...), to one `Animals` per image.

        Types with one animal per image give exactly one, with NaN for nodes not found, even if all are. Points are in
        pixels of the network input, of the crop for centred types.
        """
        with torch.inference_mode():
            if self.one_each:
                return self._one_each(outputs)
            peaks = self._local_peaks(outputs)
            if self._kind.centroid:
                return _centroids(peaks, images=len(outputs[self._head("confmaps")]))
            if self._kind.limbs:
                return self._along_fields(peaks, outputs)
            return self._by_class(peaks, outputs)

    @property
    def _kind(self) -> ModelType:
        return MODEL_TYPES[self.model_type]

    @property
    def one_each(self) -> bool:
        """Whether there is exactly one animal for each image."""
        return self._kind.one_animal

    def _head(self, section: str) -> str:
        return self._kind.heads[section]

    def _local_peaks(self, outputs: dict[str, torch.Tensor]) -> Peaks:
        head = self._head("confmaps")
        return local_peaks(
            outputs[head],
            stride=self.strides[head],
            threshold=self.threshold,
            refinement=self.refinement,
            most=_MOST_PEAKS if not self._kind.centroid else _MOST_CENTRES,
        )

    def _along_fields(self, peaks: Peaks, outputs: dict[str, torch.Tensor]) -> list[Animals]:
        head = self._head("pafs")
        if self.edges is None:
            raise ValueError("a bottomup model cannot be decoded without the edges of its skeleton")
        return group_along_fields(
            peaks,
            outputs[head],
            self.edges,
            n_nodes=self.n_nodes,
            stride=self.strides[head],
            settings=self.grouping,
        )

    def _by_class(self, peaks: Peaks, outputs: dict[str, torch.Tensor]) -> list[Animals]:
        head = self._head("class_maps")
        return group_by_class(peaks, outputs[head], n_nodes=self.n_nodes, stride=self.strides[head])

    def _one_each(self, outputs: dict[str, torch.Tensor]) -> list[Animals]:
        head = self._head("confmaps")
        peaks, heights = global_peaks(
            outputs[head], stride=self.strides[head], threshold=self.threshold, refinement=self.refinement
        )
        points, values = peaks.cpu().numpy(), heights.cpu().numpy()
        classes = np.full(len(points), -1)
        chances = np.full(len(points), np.nan)
        if (naming := self._kind.whole_image) is not None:
            vectors = outputs[naming].float().cpu().numpy()
            classes, chances = vectors.argmax(axis=1), vectors.max(axis=1)
        return [
            make_animals(
                points[i : i + 1],
                node_scores=values[i : i + 1],
                scores=values[i : i + 1].mean(axis=1),
                classes=classes[i : i + 1],
                class_scores=chances[i : i + 1],
            )
            for i in range(len(points))
        ]


def _centroids(peaks: Peaks, *, images: int) -> list[Animals]:
    """Every peak is an animal of one node."""
    rows, points, values = (part.cpu().numpy() for part in (peaks.rows, peaks.points, peaks.values))
    chosen = (rows == row for row in range(images))
    return [
        make_animals(points[mine][:, None], node_scores=values[mine][:, None], scores=values[mine])
        for mine in chosen
    ]
