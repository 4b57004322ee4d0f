"""From sleap-io's frames to plain values: points in one order of nodes, tracks by name, centroid marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import sleap_io as sio

from sleapnn_engine.data.label_frames import RawFrame, RawInstance


def raw_frame(
    frame: sio.LabeledFrame,
    video_index: int,
    *,
    orders: Mapping[int, Sequence[int]],
    user_instances_only: bool,
) -> RawFrame:
    """Take over one stored frame; a prediction counts as replaced when a labelled animal came from it.

    `orders` gives the places of the nodes by id of the skeleton, for skeletons of another order. Predicted marks are
    left out with `user_instances_only`, and so are marks of animals that have body parts.
    """
    sources = {id(i.from_predicted) for i in frame.instances if i.from_predicted is not None}
    taken = {id(i.track) for i in frame.instances if i.track is not None and not _is_predicted(i)}
    instances = tuple(
        RawInstance(
            points=_points(instance, orders),
            track=instance.track.name if instance.track is not None else None,
            is_user=not _is_predicted(instance),
            replaced=_is_predicted(instance) and (id(instance) in sources or id(instance.track) in taken),
        )
        for instance in frame.instances
    )
    marks = tuple(
        (mark.x, mark.y)
        for mark in getattr(frame, "centroids", ())
        if not (user_instances_only and type(mark).__name__ == "PredictedCentroid")
        and not (mark.instance is not None and np.isfinite(mark.instance.numpy()).any())
    )
    empty = bool(getattr(frame, "is_negative", False))
    return RawFrame(video_index, int(frame.frame_idx), instances, marks, empty)


def _points(instance: sio.Instance, orders: Mapping[int, Sequence[int]]) -> np.ndarray:
    points: np.ndarray = instance.numpy()
    order = orders.get(id(instance.skeleton))
    return points if order is None else points[list(order)]


def _is_predicted(instance: sio.Instance) -> bool:
    return isinstance(instance, sio.PredictedInstance)
