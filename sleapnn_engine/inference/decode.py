"""From a network's outputs to animals, for every model type."""

from __future__ import annotations

import attrs
import numpy as np
import torch

from sleapnn_engine.config.model_types import MODEL_TYPES, ModelType
from sleapnn_engine.decoding.animals import Animals, make_animals
from sleapnn_engine.decoding.grouping import Grouping
from sleapnn_engine.decoding.peaks import Peaks, Refinement, global_peaks
from sleapnn_engine.heads.assemble import kinds_of
from sleapnn_engine.heads.confmaps import animals_of_one_node, find_peaks


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
            head = self._kind.heads["confmaps"]
            peaks = find_peaks(
                outputs[head],
                stride=self.strides[head],
                threshold=self.threshold,
                refinement=self.refinement,
                centroid=self._kind.centroid,
            )
            if self._kind.centroid:
                return animals_of_one_node(peaks, images=len(outputs[head]))
            return self._grouped(peaks, outputs)

    @property
    def _kind(self) -> ModelType:
        return MODEL_TYPES[self.model_type]

    @property
    def one_each(self) -> bool:
        """Whether there is exactly one animal for each image."""
        return self._kind.one_animal

    def _grouped(self, peaks: Peaks, outputs: dict[str, torch.Tensor]) -> list[Animals]:
        """Peaks as animals, by the head of this type that joins them."""
        name, group = next(
            (name, kind.group) for name, kind in kinds_of(self.model_type).items() if kind.group is not None
        )
        return group(
            peaks,
            outputs[name],
            edges=self.edges,
            n_nodes=self.n_nodes,
            stride=self.strides[name],
            settings=self.grouping,
        )

    def _one_each(self, outputs: dict[str, torch.Tensor]) -> list[Animals]:
        head = self._kind.heads["confmaps"]
        peaks, heights = global_peaks(
            outputs[head], stride=self.strides[head], threshold=self.threshold, refinement=self.refinement
        )
        points, values = peaks.cpu().numpy(), heights.cpu().numpy()
        classes = np.full(len(points), -1)
        chances = np.full(len(points), np.nan)
        for name, kind in kinds_of(self.model_type).items():
            if kind.identify is not None:
                classes, chances = kind.identify(outputs[name])
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
