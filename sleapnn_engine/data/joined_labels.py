"""Two sets of labels as one: those that are learned from, and those of validation files behind them."""

from __future__ import annotations

import attrs
import numpy as np

from sleapnn_engine.data.labels import match_nodes
from sleapnn_engine.data.records import LabelSet


def joined(first: LabelSet, second: LabelSet) -> LabelSet:
    """The frames of `first`, then those of `second` with their nodes in the order of `first`; tracks go by name.

    Places of files, videos and tracks are those of the new set. Raises UserError where the nodes are not the same.
    """
    second = match_nodes(second, to=first)
    tracks = tuple(dict.fromkeys((*first.tracks, *second.tracks)))
    # The last place is for animals without a track, -1.
    renamed = np.array([*map(tracks.index, second.tracks), -1], dtype=np.int64)
    files, videos = len(first.files), len(first.videos)
    moved = [
        attrs.evolve(
            frame,
            file_index=frame.file_index + files,
            video_index=frame.video_index + videos,
            track_index=renamed[frame.track_index],
        )
        for frame in second.frames
    ]
    return attrs.evolve(
        first,
        files=(*first.files, *second.files),
        tracks=tracks,
        videos=(
            *first.videos,
            *(attrs.evolve(video, file_index=video.file_index + files) for video in second.videos),
        ),
        frames=(*first.frames, *moved),
        counts=first.counts + second.counts,
        warnings=tuple(dict.fromkeys((*first.warnings, *second.warnings))),
        sources=(*first.sources, *second.sources),
    )
