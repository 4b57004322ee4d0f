"""What labels hold, as plain values: for the `describe` command, the data page and checks of a config.

Only numbers, strings, lists and dicts occur; nothing is null unless said here.
Sizes and distances are source pixels. Keys:

- `version`; `files`: [{path, labeled_frames, bytes}], those that could be read
- `problems`: sentences, each a reason not to train; `lost`: those of them that say which images are missing; `warnings`:
  sentences on what is left out or odd
- `labeled_frames`: those that can be learned from; `frames_in_files`, `empty_frames`, `unreadable_frames`
- `negative_frames`: those marked as empty; `centroid_marks`: marks of centres without body parts that can be used,
  and `centroid_frames`: frames of `labeled_frames` that have nothing else
- `instances`: {user, predicted, used}; `max_instances_per_frame`
- `instances_per_frame`: [[animals, frames]], ascending; `first_crowded`: names the first frame with several animals, ""
  without one
- `nodes`, `edges`, `symmetries`, `tracks`
- `untracked_instances`; `instances_per_track`: {track: animals}; `frames_per_track`: {track: frames}
- `visibility`: {node: share of animals that show it, 0..1}
- `image_sizes`: [{height, width, channels, frames}], commonest first; `channels`: those that occur
- `instance_size`: {min, median, max} of the longer side of the box around an animal;
  `instance_width` and `instance_height` likewise; all null without an animal
- `body_length`: {min, median, max} of the diagonal of that box, of animals that show two nodes at least, or null
- `reach`: {node: how far the farthest node of any animal is from it along an axis}, and for "" from the middle of the
  box; where an animal does not show the node, the middle of its box stands in; empty without an animal
- `short_limb`, `direction_spread`, `touching`: as `data.poses` tells them; the first two are null where unknown
- `videos`: [{file, number, path, name, kind, found, size, frame_count, labeled_frames, first, last}],
  `kind` is embedded, film or images, `size` is [height, width, channels]; `size`, `frame_count` and the
  frame numbers `first` and `last` are null where unknown
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.text_format import counted, file_name
from sleapnn_engine.data.label_checks import animals_per_track, first_crowded, frames_per_track
from sleapnn_engine.data.labels import LabelReading, read_labels
from sleapnn_engine.data.poses import describe_poses
from sleapnn_engine.data.records import LabelSet

#: Raised by one when a key changes its meaning or goes; new keys alone do not change it.
VERSION = 1


def describe_labels(
    paths: Sequence[str | Path], *, user_instances_only: bool = True, check_images: bool = True
) -> dict[str, Any]:
    """Describe labels files read as one set; never raises for what is wrong with them, but lists it.

    Its keys are listed at the top of this file.
    """
    reading = read_labels(paths, user_instances_only=user_instances_only, check_images=check_images)
    reading.labels.close()
    return describe_reading(reading)


def describe_reading(reading: LabelReading) -> dict[str, Any]:
    """The same of labels that have been read."""
    labels = reading.labels
    counts = labels.counts
    per_frame = Counter(len(frame.points) for frame in labels.frames)
    return {
        "version": VERSION,
        "files": _files(labels),
        "problems": [str(problem) for problem in reading.problems],
        "lost": [str(problem) for problem in reading.problems if problem.cause == "images"],
        "warnings": list(labels.warnings),
        "labeled_frames": len(labels),
        "frames_in_files": counts.frames,
        "empty_frames": counts.empty_frames,
        "unreadable_frames": counts.unreadable_frames,
        "negative_frames": counts.negative_frames,
        "centroid_marks": counts.centroid_marks,
        "centroid_frames": per_frame[0],
        "instances": {
            "user": counts.user_instances,
            "predicted": counts.predicted_instances,
            "used": sum(animals * frames for animals, frames in per_frame.items()),
        },
        "max_instances_per_frame": labels.max_instances,
        "instances_per_frame": [[animals, frames] for animals, frames in sorted(per_frame.items())],
        "first_crowded": first_crowded(labels),
        "nodes": list(labels.nodes),
        "edges": [list(edge) for edge in labels.edges],
        "symmetries": [list(pair) for pair in labels.symmetries],
        **_tracks(labels),
        **_images(labels),
        **_bodies(labels),
        **describe_poses([frame.points for frame in labels.frames], nodes=labels.nodes, edges=labels.edges),
        "videos": _videos(labels),
    }


def description_lines(facts: dict[str, Any]) -> list[str]:
    """Say what `describe_labels` found in lines for a terminal."""
    instances = facts["instances"]
    sizes = ", ".join(_size_line(size) for size in facts["image_sizes"])
    edges = ", ".join(f"{a}–{b}" for a, b in facts["edges"])
    lines = [
        f"Frames      {facts['labeled_frames']} usable of {facts['frames_in_files']}",
        f"Animals     {instances['used']} used of {instances['user']} labelled and "
        f"{instances['predicted']} predicted; at most {facts['max_instances_per_frame']} on a frame",
        *(
            [f"Marks       {facts['centroid_marks']} of centres, without body parts"]
            if facts["centroid_marks"]
            else []
        ),
        f"Images      {sizes or 'none readable'}",
        f"Nodes       {len(facts['nodes'])}",
        *(f"  {node:<24}visible in {share:6.1%}" for node, share in facts["visibility"].items()),
        f"Edges       {len(facts['edges'])}" + (f": {edges}" if edges else ""),
        f"Tracks      {len(facts['tracks'])}"
        + (f": {', '.join(facts['tracks'])}" if facts["tracks"] else ""),
    ]
    if facts["body_length"]:
        size = facts["body_length"]
        said = f"{plain(size['min'])} to {plain(size['max'])} px, median {plain(size['median'])} px"
        lines.append(f"Body length {said} (diagonal of the box around an animal)")
    lines += [f"Video       {_video_line(video)}" for video in facts["videos"]]
    lines += [f"Warning     {text}" for text in facts["warnings"]]
    return lines + [f"Problem     {text}" for text in facts["problems"]]


def _files(labels: LabelSet) -> list[dict[str, Any]]:
    frames = Counter(frame.file_index for frame in labels.frames)
    return [
        {"path": str(path), "labeled_frames": frames[index], "bytes": path.stat().st_size}
        for index, path in enumerate(labels.files)
    ]


def _tracks(labels: LabelSet) -> dict[str, Any]:
    animals = animals_per_track(labels)
    return {
        "tracks": list(labels.tracks),
        "untracked_instances": sum(len(frame.points) for frame in labels.frames) - sum(animals.values()),
        "instances_per_track": animals,
        "frames_per_track": frames_per_track(labels),
    }


def _images(labels: LabelSet) -> dict[str, Any]:
    sizes = Counter(frame.size for frame in labels.frames if frame.size is not None)
    return {
        "image_sizes": [
            {"height": int(h), "width": int(w), "channels": int(c), "frames": frames}
            for (h, w, c), frames in sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
        ],
        "channels": sorted({int(size[2]) for size in sizes}),
    }


def _bodies(labels: LabelSet) -> dict[str, Any]:
    """Visibility of nodes and the sizes of the boxes around animals."""
    nothing = dict.fromkeys(("instance_size", "instance_width", "instance_height", "body_length"))
    if not any(len(frame.points) for frame in labels.frames):
        return {"visibility": dict.fromkeys(labels.nodes, 0.0), **nothing, "reach": {}}
    points = np.concatenate([frame.points for frame in labels.frames])
    seen = np.isfinite(points).all(axis=-1)
    shares = seen.mean(axis=0)
    low = np.where(seen[..., None], points, np.inf).min(axis=1)
    high = np.where(seen[..., None], points, -np.inf).max(axis=1)
    width, height = (high - low).T
    lengths = np.hypot(width, height)[seen.sum(axis=1) > 1]
    return {
        "visibility": {
            node: round(float(share), 4) for node, share in zip(labels.nodes, shares, strict=True)
        },
        "instance_size": _spread(np.maximum(width, height)),
        "instance_width": _spread(width),
        "instance_height": _spread(height),
        "body_length": _spread(lengths) if len(lengths) else None,
        "reach": _reach(points, labels.nodes, middle=(low + high) / 2),
    }


def _reach(points: np.ndarray, nodes: Sequence[str], *, middle: np.ndarray) -> dict[str, float]:
    """How far visible nodes of points (A, N, 2) are from `middle` (A, 2) and from each node, along an axis at most."""
    centers = {"": middle}
    for index, node in enumerate(nodes):
        own = points[:, index]
        centers[node] = np.where(np.isfinite(own).all(axis=-1, keepdims=True), own, middle)
    offsets = {name: np.abs(points - center[:, None]) for name, center in centers.items()}
    return {name: round(float(np.nanmax(gaps, initial=0.0)), 2) for name, gaps in offsets.items()}


def _spread(values: np.ndarray) -> dict[str, float]:
    found = {"min": values.min(), "median": np.median(values), "max": values.max()}
    return {name: round(float(value), 1) for name, value in found.items()}


def _videos(labels: LabelSet) -> list[dict[str, Any]]:
    rows = []
    labelled: list[list[int]] = [[] for _ in labels.videos]
    for frame in labels.frames:
        labelled[frame.video_index].append(frame.frame_index)
    for video, numbers in zip(labels.videos, labelled, strict=True):
        rows.append(
            {
                "file": str(labels.files[video.file_index]),
                "number": video.number,
                "path": video.path,
                "name": file_name(video.path),
                "kind": video.kind,
                "found": video.found,
                "size": [int(side) for side in video.size] if video.size else None,
                "frame_count": video.frame_count,
                "labeled_frames": len(numbers),
                "first": min(numbers, default=None),
                "last": max(numbers, default=None),
            }
        )
    return rows


def _video_line(video: dict[str, Any]) -> str:
    where = video["path"] if video["found"] else f"{video['path']} (not found)"
    count = f" of {counted(video['frame_count'], 'frame')}" if video["frame_count"] is not None else ""
    return f"{where}: {video['labeled_frames']} labelled{count}"


def _size_line(size: dict[str, Any]) -> str:
    channels, frames = counted(size["channels"], "channel"), counted(size["frames"], "frame")
    return f"{size['width']}×{size['height']} px, {channels} ({frames})"
