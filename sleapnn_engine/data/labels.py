"""Opening SLEAP labels: the only place that knows sleap-io. Every problem is found before anything starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import attrs
import numpy as np
import sleap_io as sio

from sleapnn_engine.config.errors import UserError

from .label_files import check_labels_file
from .label_frames import RawFrame, RawInstance, usable_frames
from .label_videos import CheckedVideo, check_video, video_name
from .overlaps import repeats_between_files
from .phrases import counted, first_places, quoted
from .records import Counts, LabeledFrame, LabelSet
from .videos import quiet_decoders


@attrs.frozen(eq=False)
class LabelReading:
    """What came out of reading labels: everything usable, and every reason not to train on it."""

    labels: LabelSet
    problems: tuple[UserError, ...]


@attrs.frozen(eq=False)
class _Skeleton:
    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    symmetries: tuple[tuple[str, str], ...]


@attrs.define(eq=False)
class _Reading:
    """State while several files are read into one set."""

    user_instances_only: bool
    check_images: bool
    files: list[Path] = attrs.field(factory=list)
    skeleton: _Skeleton | None = None
    tracks: dict[str, int] = attrs.field(factory=dict)
    videos: list[CheckedVideo] = attrs.field(factory=list)
    frames: list[LabeledFrame] = attrs.field(factory=list)
    counts: Counts = attrs.field(factory=Counts)
    warnings: list[str] = attrs.field(factory=list)
    problems: list[UserError] = attrs.field(factory=list)


def open_labels(
    paths: Sequence[str | Path], *, user_instances_only: bool = True, check_images: bool = True
) -> LabelSet:
    """Read labels files (.slp, .pkg.slp) of one skeleton into one set that can be trained on.

    Points are float32 x, y in source pixels with pixel centres at whole numbers; files older than format
    1.1, which count from the pixel's corner, are shifted on reading. Videos that are not where the file
    says are looked for beside it. What cannot be used (unreadable frames, points outside, copies) is left
    out and told in `warnings`.

    Raises UserError with all problems of all files: missing, damaged or foreign files, missing videos,
    skeletons that differ, nothing labelled.
    """
    reading = read_labels(paths, user_instances_only=user_instances_only, check_images=check_images)
    if not reading.problems:
        return reading.labels
    reading.labels.close()
    if len(reading.problems) == 1:
        raise reading.problems[0]
    listed = "\n".join(f"- {problem}" for problem in reading.problems)
    raise UserError(f"The labels cannot be used, for {len(reading.problems)} reasons:\n{listed}")


def read_labels(
    paths: Sequence[str | Path], *, user_instances_only: bool = True, check_images: bool = True
) -> LabelReading:
    """Read labels files as `open_labels` does, but return problems instead of raising them.

    Frames of videos that are missing stay in the set (with `size` None), so that they can be counted and
    described.
    """
    quiet_decoders()
    state = _Reading(user_instances_only=user_instances_only, check_images=check_images)
    if isinstance(paths, (str, Path)):
        paths = [paths]
    if not paths:
        state.problems.append(
            UserError("There are no training labels.", hint="Choose at least one .slp file.")
        )
    given = [Path(path).expanduser() for path in paths]
    for number, path in enumerate(given):
        try:
            if path.resolve() in [other.resolve() for other in given[:number]]:
                raise UserError("This labels file is given twice.", where=str(path), hint="Give it once.")
            _read_file(path, state)
        except UserError as error:
            state.problems.append(error)
    if state.files and not state.frames and not state.counts.unreadable_frames:
        state.problems.append(_nothing_usable(state))
    else:
        _note_gaps(state)
    return LabelReading(_finish(state), tuple(state.problems))


def select_nodes(
    labels: LabelSet, part_names: Sequence[str] | None, *, where: str = "part_names"
) -> LabelSet:
    """Return the labels with only the nodes `part_names`, in that order; None or empty keeps all.

    Edges and symmetries between dropped nodes go, and so do animals left without a visible point; frames left
    without an animal stay. `where` is the dotted key that chooses the nodes. Raises UserError for names that are not
    in the skeleton or come twice.
    """
    if not part_names or tuple(part_names) == labels.nodes:
        return labels
    names = tuple(part_names)
    unknown = [name for name in names if name not in labels.nodes]
    if unknown or len(set(names)) != len(names):
        what = f"has no node {quoted(unknown)}" if unknown else "cannot give one node twice"
        message = f"The skeleton of {labels.files[0]} {what}; its nodes are {quoted(labels.nodes)}."
        raise UserError(message, where=where, hint="Correct the part names.", usage=True)
    order = [labels.nodes.index(name) for name in names]
    return attrs.evolve(
        labels,
        nodes=names,
        edges=tuple(edge for edge in labels.edges if set(edge) <= set(names)),
        symmetries=tuple(pair for pair in labels.symmetries if set(pair) <= set(names)),
        frames=tuple(_take_nodes(frame, order) for frame in labels.frames),
    )


def with_animals(labels: LabelSet) -> LabelSet:
    """Return the labels with only the frames that show an animal."""
    frames = tuple(frame for frame in labels.frames if len(frame.points))
    return labels if len(frames) == len(labels.frames) else attrs.evolve(labels, frames=frames)


def match_nodes(labels: LabelSet, *, to: LabelSet) -> LabelSet:
    """Return `labels` with its nodes in the order of the set `to`; nodes are matched by name, never by place.

    Meant for validation files. Raises UserError when the two skeletons do not have the same nodes.
    """
    _require_same_nodes(labels.nodes, to.nodes, where=str(labels.files[0]), other=str(to.files[0]))
    return attrs.evolve(select_nodes(labels, to.nodes), edges=to.edges, symmetries=to.symmetries)


def _read_file(path: Path, state: _Reading) -> None:
    """Read one file into `state`; raises UserError for what makes the whole file unusable."""
    check_labels_file(path)
    try:
        stored = sio.load_slp(path.as_posix())
    except Exception as error:  # guards the third-party reader: damaged files make it fail in any way
        message = f"The file cannot be read as SLEAP labels ({type(error).__name__}: {error})."
        raise UserError(message, where=str(path), hint="Open it in SLEAP and save it again.") from error
    skeleton = _skeleton_of(stored, path)
    if state.skeleton is None:
        state.skeleton = skeleton
    elif skeleton is not None:
        _require_same_nodes(skeleton.nodes, state.skeleton.nodes, where=str(path), other=str(state.files[0]))
        if set(skeleton.edges) != set(state.skeleton.edges):
            state.warnings.append(f"{path}: its edges differ from those of {state.files[0]}, which are used.")
    for name, count in Counter(track.name for track in stored.tracks).items():
        state.tracks.setdefault(name, len(state.tracks))
        if count > 1:
            state.warnings.append(f"{path}: {count} tracks have the name '{name}' and count as one.")
    state.files.append(path)
    _add_frames(stored, skeleton, path, state)


def _add_frames(stored: sio.Labels, skeleton: _Skeleton | None, path: Path, state: _Reading) -> None:
    """Check the videos of one file and add its usable frames to `state`."""
    base, file_index = len(state.videos), len(state.files) - 1
    numbers = {id(video): number for number, video in enumerate(stored.videos)}
    raw = [_raw_frame(frame, base + numbers[id(frame.video)]) for frame in stored.labeled_frames]
    for number, video in enumerate(stored.videos):
        wanted = [frame.frame_index for frame in raw if frame.video_index == base + number]
        state.videos.append(
            check_video(
                video,
                file_index=file_index,
                number=number,
                folder=path.parent,
                frames=wanted,
                every_image=state.check_images,
            )
        )
    videos = state.videos[base:]
    sizes = {(base + v.record.number, f): size for v in videos for f, size in v.sizes.items()}
    frames, counts, notes = usable_frames(
        raw,
        sizes=sizes,
        file_index=file_index,
        user_instances_only=state.user_instances_only,
        tracks=state.tracks,
        videos=[video_name(video.record) for video in state.videos],
    )
    if skeleton is not None and state.skeleton is not None and skeleton.nodes != state.skeleton.nodes:
        order = [skeleton.nodes.index(name) for name in state.skeleton.nodes]
        frames = [_take_nodes(frame, order) for frame in frames]
        state.warnings.append(f"{path}: its nodes come in another order and are matched by name.")
    state.frames += frames
    state.counts += counts
    state.warnings += [f"{path}: {note}" for note in notes]
    state.warnings += [f"{path}: {note}" for video in videos for note in video.warnings]
    _report_videos(videos, path, state)


def _report_videos(videos: Sequence[CheckedVideo], path: Path, state: _Reading) -> None:
    """Turn missing and unreadable videos into problems, single unreadable frames into a warning."""
    missing = [
        f"{v.record.path} ({counted(len(v.sizes), 'frame')})"
        for v in videos
        if not v.record.found and v.sizes
    ]
    if missing:
        count = "Its video was" if len(missing) == 1 else f"{len(missing)} of its videos were"
        message = f"{count} not found: {', '.join(missing)}."
        hint = "Put the missing files beside the labels file, or correct their paths in SLEAP."
        state.problems.append(UserError(message, where=str(path), hint=hint))
    single = []
    for video in videos:
        reasons = sorted(set(video.unreadable.values()))
        if video.unreadable and not video.sizes:
            message = f"No labelled frame of {video.record.path} can be read: {'; '.join(reasons)}."
            hint = "Replace the video, or remove its frames from the labels."
            state.problems.append(UserError(message, where=str(path), hint=hint))
        else:
            name = video_name(video.record)
            single += [f"{name} frame {frame}: {reason}" for frame, reason in video.unreadable.items()]
    if single:
        count = counted(len(single), "frame")
        state.warnings.append(f"{path}: {count} without a readable image: left out{first_places(single)}.")


def _raw_frame(frame: sio.LabeledFrame, video_index: int) -> RawFrame:
    """Take over one stored frame; a prediction counts as replaced when a labelled animal came from it."""
    sources = {id(i.from_predicted) for i in frame.instances if i.from_predicted is not None}
    taken = {id(i.track) for i in frame.instances if i.track is not None and not _is_predicted(i)}
    instances = tuple(
        RawInstance(
            points=instance.numpy(),
            track=instance.track.name if instance.track is not None else None,
            is_user=not _is_predicted(instance),
            replaced=_is_predicted(instance) and (id(instance) in sources or id(instance.track) in taken),
        )
        for instance in frame.instances
    )
    return RawFrame(video_index=video_index, frame_index=int(frame.frame_idx), instances=instances)


def _is_predicted(instance: sio.Instance) -> bool:
    return isinstance(instance, sio.PredictedInstance)


def _skeleton_of(stored: sio.Labels, path: Path) -> _Skeleton | None:
    """Return the one skeleton in use; raises UserError when animals have different ones."""
    used = {id(i.skeleton): i.skeleton for frame in stored.labeled_frames for i in frame.instances}
    if len(used) > 1:
        sizes = " and ".join(f"'{s.name}' ({len(s.nodes)} nodes)" for s in used.values())
        message = f"Its animals use {len(used)} skeletons, {sizes}; a model has one."
        raise UserError(
            message, where=str(path), hint="Split the labels into one file per skeleton in SLEAP."
        )
    chosen = next(iter(used.values()), stored.skeletons[0] if stored.skeletons else None)
    if chosen is None:
        return None
    repeated = [name for name, count in Counter(chosen.node_names).items() if count > 1]
    if repeated:
        message = f"Its skeleton has several nodes of the name {quoted(repeated)}."
        raise UserError(message, where=str(path), hint="Give each node a name of its own in SLEAP.")
    return _Skeleton(
        nodes=tuple(chosen.node_names),
        edges=tuple((a, b) for a, b in chosen.edge_names),
        symmetries=tuple((a, b) for a, b in (sorted(pair) for pair in chosen.symmetry_names)),
    )


def _require_same_nodes(nodes: Sequence[str], others: Sequence[str], *, where: str, other: str) -> None:
    lacking, extra = [n for n in others if n not in nodes], [n for n in nodes if n not in others]
    if not lacking and not extra:
        return
    parts = [f"lacks {quoted(lacking)}"] if lacking else []
    parts += [f"also has {quoted(extra)}"] if extra else []
    message = f"Its skeleton differs from that of {other}: it {' and '.join(parts)}."
    raise UserError(message, where=where, hint="Use files of one skeleton, or bring them to one in SLEAP.")


def _take_nodes(frame: LabeledFrame, order: Sequence[int]) -> LabeledFrame:
    """Reorder or subset the nodes of a frame; animals that keep no visible point go."""
    points = frame.points[:, list(order)]
    seen = (points == points).any(axis=(1, 2))
    return attrs.evolve(
        frame,
        points=points[seen],
        track_index=frame.track_index[seen],
        is_user=frame.is_user[seen],
        centers=None if frame.centers is None else frame.centers[seen],
    )


def _nothing_usable(state: _Reading) -> UserError:
    """Say why no frame is left, and what to do about it."""
    counts, where = state.counts, ", ".join(str(path) for path in state.files)
    if not counts.frames:
        return UserError(
            "There are no labelled frames.", where=where, hint="Label some frames in SLEAP first."
        )
    if not counts.user_instances + counts.predicted_instances:
        message = f"No animal is labelled on the {counted(counts.frames, 'frame')}."
        return UserError(message, where=where, hint="Label some animals in SLEAP first.")
    if not counts.user_instances and state.user_instances_only:
        message = f"There are no hand-labelled animals ({counts.predicted_instances} are predicted)."
        hint = "Convert predictions to labels in SLEAP, or set data_config.user_instances_only to false."
        return UserError(message, where=where, hint=hint)
    message = f"No animal on the {counted(counts.frames, 'frame')} has a visible point inside its image."
    return UserError(message, where=where, hint="Check the labels in SLEAP.")


def _note_gaps(state: _Reading) -> None:
    """Warn of files that contribute nothing and of nodes that are never visible."""
    used = {frame.file_index for frame in state.frames}
    empty = [str(path) for index, path in enumerate(state.files) if index not in used]
    if state.frames:
        state.warnings += [f"{path}: contributes no frame." for path in empty]
    if state.skeleton is None or not state.frames:
        return
    seen = np.zeros(len(state.skeleton.nodes), dtype=bool)
    for frame in state.frames:
        seen |= np.isfinite(frame.points[..., 0]).any(axis=0)
    never = [name for name, visible in zip(state.skeleton.nodes, seen, strict=True) if not visible]
    if never:
        nodes = "Node" if len(never) == 1 else "Nodes"
        state.warnings.append(f"{nodes} never visible on any frame: {quoted(never)}.")


def _finish(state: _Reading) -> LabelSet:
    skeleton = state.skeleton or _Skeleton((), (), ())
    labels = LabelSet(
        files=tuple(state.files),
        nodes=skeleton.nodes,
        edges=skeleton.edges,
        symmetries=skeleton.symmetries,
        tracks=tuple(state.tracks),
        videos=tuple(video.record for video in state.videos),
        frames=tuple(state.frames),
        counts=state.counts,
        warnings=tuple(dict.fromkeys(state.warnings)),
        sources=tuple(video.source for video in state.videos),
    )
    return attrs.evolve(labels, warnings=(*labels.warnings, *repeats_between_files(labels)))
