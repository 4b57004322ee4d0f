"""Opening SLEAP labels: the only place that knows sleap-io. Every problem is found before anything starts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
import numpy as np
import sleap_io as sio

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.label_fit import chosen_nodes
from sleapnn_engine.config.text_format import counted, first_places, quoted
from sleapnn_engine.data.label_extras import describe_extras
from sleapnn_engine.data.label_files import check_labels_file, unreadable_labels
from sleapnn_engine.data.label_frames import usable_frames
from sleapnn_engine.data.label_videos import CheckedVideo, Progress, check_videos, video_name
from sleapnn_engine.data.overlaps import repeats_between_files, shared_videos
from sleapnn_engine.data.raw_frames import raw_frame
from sleapnn_engine.data.records import Counts, LabeledFrame, LabelSet
from sleapnn_engine.data.skeletons import Skeleton, Skeletons, require_same_nodes, skeletons_of
from sleapnn_engine.data.video_choice import (
    Stored,
    choose_files,
    describe_moves,
    describe_repeats,
    why_missing,
)
from sleapnn_engine.data.videos import quiet_decoders


@attrs.frozen(eq=False)
class LabelReading:
    """What came out of reading labels: everything usable, and every reason not to train on it."""

    labels: LabelSet
    problems: tuple[UserError, ...]


@attrs.define(eq=False)
class _Reading:
    """State while several files are read into one set."""

    user_instances_only: bool
    check_images: bool
    with_empty: bool = False
    progress: Progress | None = None
    files: list[Path] = attrs.field(factory=list)
    skeleton: Skeleton | None = None
    tracks: dict[str, int] = attrs.field(factory=dict)
    videos: list[CheckedVideo] = attrs.field(factory=list)
    stored: list[Stored] = attrs.field(factory=list)
    frames: list[LabeledFrame] = attrs.field(factory=list)
    counts: Counts = attrs.field(factory=Counts)
    warnings: list[str] = attrs.field(factory=list)
    problems: list[UserError] = attrs.field(factory=list)


def read_labels(
    paths: Sequence[str | Path],
    *,
    user_instances_only: bool = True,
    check_images: bool = True,
    with_empty: bool = False,
    progress: Progress | None = None,
) -> LabelReading:
    """Read labels files (.slp, .pkg.slp) of one skeleton into one set that can be trained on.

    Points are float32 x, y in source pixels with pixel centres at whole numbers; files older than format
    1.1, which count from the pixel's corner, are shifted on reading. Videos that are not where the file
    says are looked for near it, by the rule of `video_paths`. What cannot be used (unreadable frames, points outside,
    copies) is left out and told in `warnings`. Frames that are marked as empty come `with_empty` only. `progress` is told
    of frames that were looked at.

    Never raises for what is in the files: all problems of all files are returned, such as missing, damaged or foreign
    files, missing videos, videos of another size or length than was labelled, skeletons that differ, nothing labelled.
    Frames of videos that are missing stay in the set (with `size` None), so that they can be counted and described.
    """
    quiet_decoders()
    state = _Reading(
        user_instances_only=user_instances_only,
        check_images=check_images,
        with_empty=with_empty,
        progress=progress,
    )
    if isinstance(paths, (str, Path)):
        paths = [paths]
    if not paths:
        state.problems.append(
            UserError("There are no training labels.", hint="Choose at least one .slp file.")
        )
    given = [Path(os.path.expanduser(path)) for path in paths]  # unlike Path.expanduser, it never fails
    for number, path in enumerate(given):
        try:
            if _same_file(path, given[:number]):
                raise UserError("This labels file is given twice.", where=str(path), hint="Give it once.")
            _read_file(path, state)
        except UserError as error:
            state.problems.append(error)
    if state.files and all(f.empty for f in state.frames) and not state.counts.unreadable_frames:
        state.problems.append(_nothing_usable(state))
    else:
        _note_gaps(state)
    return LabelReading(_finish(state), tuple(state.problems))


def _same_file(path: Path, others: Sequence[Path]) -> bool:
    """Whether one of the others is the same file; names that no file can have are for the reader to refuse."""
    return os.path.exists(path) and path.resolve() in [
        other.resolve() for other in others if os.path.exists(other)
    ]


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
    names = chosen_nodes(part_names, nodes=labels.nodes, where=where)
    order = [labels.nodes.index(name) for name in names]
    return attrs.evolve(
        labels,
        nodes=names,
        edges=tuple(edge for edge in labels.edges if set(edge) <= set(names)),
        symmetries=tuple(pair for pair in labels.symmetries if set(pair) <= set(names)),
        frames=tuple(_reorder_nodes(frame, order) for frame in labels.frames),
    )


def with_animals(labels: LabelSet) -> LabelSet:
    """Return the labels with only the frames that show an animal, or are marked as showing none."""
    frames = tuple(frame for frame in labels.frames if len(frame.points) or frame.empty)
    return labels if len(frames) == len(labels.frames) else attrs.evolve(labels, frames=frames)


def without_empty(labels: LabelSet) -> LabelSet:
    """Return the labels without the frames that are marked as empty: what figures are made of."""
    frames = tuple(frame for frame in labels.frames if not frame.empty)
    return labels if len(frames) == len(labels.frames) else attrs.evolve(labels, frames=frames)


def match_nodes(labels: LabelSet, *, to: LabelSet) -> LabelSet:
    """Return `labels` with its nodes in the order of the set `to`; nodes are matched by name, never by place.

    Meant for validation files. Raises UserError when the two skeletons do not have the same nodes.
    """
    require_same_nodes(labels.nodes, to.nodes, where=str(labels.files[0]), other=str(to.files[0]))
    return attrs.evolve(select_nodes(labels, to.nodes), edges=to.edges, symmetries=to.symmetries)


def _read_file(path: Path, state: _Reading) -> None:
    """Read one file into `state`; raises UserError for what makes the whole file unusable."""
    notes = check_labels_file(path)
    try:
        stored = sio.load_slp(path.as_posix())
    except Exception as error:  # guards the third-party reader: damaged files make it fail in any way
        raise unreadable_labels(path, error) from error
    getattr(
        stored, "close", int
    )()  # pixels of label images, which are not read, would keep the file open and locked for others
    skeletons = skeletons_of(stored, path, user_only=state.user_instances_only)
    if state.skeleton is None:
        state.skeleton = skeletons.chosen
    elif skeletons.chosen is not None:
        nodes, other = skeletons.chosen.nodes, str(state.files[0])
        require_same_nodes(nodes, state.skeleton.nodes, where=str(path), other=other)
        if set(skeletons.chosen.edges) != set(state.skeleton.edges):
            state.warnings.append(f"{path}: its edges differ from those of {state.files[0]}, which are used.")
    for name, count in Counter(track.name for track in stored.tracks).items():
        state.tracks.setdefault(name, len(state.tracks))
        if count > 1:
            state.warnings.append(f"{path}: {count} tracks have the name '{name}' and count as one.")
    state.files.append(path)
    state.warnings += [
        f"{path}: {note}"
        for note in (*notes, *skeletons.notes, *describe_extras(stored, with_empty=state.with_empty))
    ]
    state.counts += Counts(
        negative_frames=sum(getattr(f, "is_negative", False) for f in stored.labeled_frames)
    )
    _add_frames(stored, skeletons, path, state)


def _add_frames(stored: sio.Labels, skeletons: Skeletons, path: Path, state: _Reading) -> None:
    """Check the videos of one file and add its usable frames to `state`."""
    base, file_index = len(state.videos), len(state.files) - 1
    numbers = {id(video): number for number, video in enumerate(stored.videos)}
    labelled = {numbers[id(frame.video)] for frame in stored.labeled_frames}
    chosen = choose_files(stored.videos, labels=path, labelled=labelled)
    same = {video.number: video.number if video.same_as is None else video.same_as for video in chosen}
    raw = [
        raw_frame(
            frame,
            base + same[numbers[id(frame.video)]],
            orders=skeletons.orders,
            user_instances_only=state.user_instances_only,
        )
        for frame in stored.labeled_frames
    ]
    wanted: list[list[int]] = [[] for _ in chosen]
    for one in raw:
        wanted[one.video_index - base].append(one.frame_index)
    videos = check_videos(
        list(zip(stored.videos, chosen, wanted, strict=True)),
        file_index=file_index,
        every_image=state.check_images,
        progress=state.progress,
    )
    state.videos += videos
    state.stored += chosen
    frames, counts, notes = usable_frames(
        raw,
        sizes={(base + v.record.number, f): size for v in videos for f, size in v.sizes.items()},
        file_index=file_index,
        user_instances_only=state.user_instances_only,
        tracks=state.tracks,
        videos=[video_name(video.record) for video in state.videos],
        nodes=len(skeletons.chosen.nodes) if skeletons.chosen else 0,
        with_empty=state.with_empty,
    )
    frames = _in_order(frames, skeletons.chosen, path, state)
    state.frames += frames
    state.counts += counts
    used = [video for video in chosen if wanted[video.number]]
    said = (
        *describe_moves(used),
        *describe_repeats(chosen),
        *notes,
        *(n for video in videos for n in video.warnings),
    )
    state.warnings += [f"{path}: {note}" for note in said]
    state.problems += _video_problems(videos, chosen, path, state)


def _in_order(
    frames: list[LabeledFrame], own: Skeleton | None, path: Path, state: _Reading
) -> list[LabeledFrame]:
    """The frames of a file with their nodes in the order of the first file."""
    if own is None or state.skeleton is None or own.nodes == state.skeleton.nodes:
        return frames
    order = [own.nodes.index(name) for name in state.skeleton.nodes]
    state.warnings.append(f"{path}: its nodes come in another order and are matched by name.")
    return [_reorder_nodes(frame, order) for frame in frames]


def _video_problems(
    videos: Sequence[CheckedVideo], chosen: Sequence[Stored], path: Path, state: _Reading
) -> Iterator[UserError]:
    """Missing, wrong and unreadable videos as problems; single unreadable frames become a warning."""
    missing = [
        why_missing(stored, len(video.sizes))
        for video, stored in zip(videos, chosen, strict=True)
        if not video.record.found and video.sizes
    ]
    if missing:
        count = "Its video was" if len(missing) == 1 else f"{len(missing)} of its videos were"
        message = f"{count} not found: {'; '.join(missing)}."
        hint = (
            "Put the missing files beside the labels file, in folders named as in their paths where names are alike, or "
            "correct their paths in SLEAP."
        )
        yield UserError(message, where=str(path), hint=hint, cause="images")
    for text in (video.mismatch for video in videos if video.mismatch):
        hint = "Put the video that was labelled in its place, or correct its path in SLEAP."
        yield UserError(f"A video is not the one that was labelled: {text}.", where=str(path), hint=hint)
    single = []
    for video in videos:
        reasons = sorted(set(video.unreadable.values()))
        if video.unreadable and not video.sizes:
            name = video_name(video.record) if video.record.path == str(path) else video.record.path
            message = f"No labelled frame of {name} can be read: {'; '.join(reasons)}."
            hint = "Replace the video, or remove its frames from the labels."
            yield UserError(message, where=str(path), hint=hint)
        else:
            name = video_name(video.record)
            single += [
                f"{name} frame {frame}: {video.unreadable[frame]}" for frame in sorted(video.unreadable)
            ]
    if single:
        count = counted(len(single), "frame")
        state.warnings.append(f"{path}: {count} without a readable image: left out{first_places(single)}.")


def _reorder_nodes(frame: LabeledFrame, order: Sequence[int]) -> LabeledFrame:
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
    if state.skeleton is None or not any(len(frame.points) for frame in state.frames):
        return
    seen = np.zeros(len(state.skeleton.nodes), dtype=bool)
    for frame in state.frames:
        seen |= np.isfinite(frame.points[..., 0]).any(axis=0)
    never = [name for name, visible in zip(state.skeleton.nodes, seen, strict=True) if not visible]
    if never:
        nodes = "Node" if len(never) == 1 else "Nodes"
        state.warnings.append(f"{nodes} never visible on any frame: {quoted(never)}.")


def _finish(state: _Reading) -> LabelSet:
    skeleton = state.skeleton or Skeleton()
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
    videos = shared_videos(labels, state.stored)
    return attrs.evolve(labels, warnings=(*labels.warnings, *videos, *repeats_between_files(labels)))
