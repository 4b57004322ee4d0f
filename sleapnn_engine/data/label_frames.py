"""From what a labels file says to usable frames: choosing, cleaning and counting animals and points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from sleapnn_engine.config.text_format import counted, first_places
from sleapnn_engine.data.records import Counts, LabeledFrame


@attrs.frozen(eq=False)
class RawInstance:
    """One animal as stored: float (nodes, 2) points with NaN where not visible.

    `replaced` marks a prediction that the same frame also has a hand-corrected version of.
    """

    points: np.ndarray
    track: str | None
    is_user: bool
    replaced: bool = False


@attrs.frozen(eq=False)
class RawFrame:
    """One labelled frame as stored; `video_index` counts over all files read together.

    `marks` are centres (x, y) of animals without body parts; `empty` says that somebody has looked and there is no animal.
    """

    video_index: int
    frame_index: int
    instances: tuple[RawInstance, ...]
    marks: Sequence[tuple[float, float]] = ()
    empty: bool = False


@attrs.define
class Notes:
    """What cleaning found, with the first few places of each finding for messages."""

    outside: list[str] = attrs.field(factory=list)
    not_finite: list[str] = attrs.field(factory=list)
    repeated_frames: list[str] = attrs.field(factory=list)
    repeated_instances: list[str] = attrs.field(factory=list)
    unpointed: list[str] = attrs.field(factory=list)
    left_out: list[str] = attrs.field(factory=list)
    same_track: list[str] = attrs.field(factory=list)
    marks: list[str] = attrs.field(factory=list)
    marks_outside: list[str] = attrs.field(factory=list)

    def left_out_of_frames(self) -> tuple[int, int, int]:
        """How many points were outside, animals had no visible point, and animals were repeated."""
        return len(self.outside), len(self.unpointed), len(self.repeated_instances)

    def sentences(self) -> list[str]:
        """Say each finding with its count and its first places."""
        said = (
            (self.outside, "point", "outside the image: treated as not visible"),
            (self.not_finite, "point", "without a finite position: treated as not visible"),
            (self.repeated_frames, "frame", "labelled more than once: merged"),
            (self.repeated_instances, "animal", "exactly like another on the same frame: left out"),
            (self.unpointed, "animal", "without a visible point: left out"),
            (
                self.left_out,
                "predicted animal",
                "beside labelled ones: not learned, so it counts as background",
            ),
            (self.same_track, "frame", "with one track on two animals"),
            (self.marks, "centroid mark", "without body parts: only a centroid model learns from such"),
            (self.marks_outside, "centroid mark", "outside the image: left out"),
        )
        return [
            f"{counted(len(where), noun)} {text}{first_places(where)}." for where, noun, text in said if where
        ]


def clean_points(points: np.ndarray, *, size: tuple[int, ...] | None) -> tuple[np.ndarray, int, int]:
    """Return float32 points with unusable ones set to NaN, and how many were not finite and how many outside.

    A point is inside when -0.5 <= x < width and -0.5 <= y < height: the left half of the first pixel counts
    (labels of old files are shifted by half a pixel), and so does everything the wider family accepts.
    `size` is (height, width, ...) or None while the image is unknown; then only finiteness is judged.
    """
    points = np.asarray(points, dtype=np.float64)
    missing = np.isnan(points).all(axis=-1)
    not_finite = ~np.isfinite(points).all(axis=-1) & ~missing
    outside = np.zeros_like(missing)
    if size is not None:
        height, width = size[:2]
        with np.errstate(invalid="ignore"):
            inside = (points >= -0.5).all(axis=-1) & (points[..., 0] < width) & (points[..., 1] < height)
        outside = ~inside & ~missing & ~not_finite
    cleaned = np.where((missing | not_finite | outside)[..., None], np.nan, points).astype(np.float32)
    return cleaned, int(not_finite.sum()), int(outside.sum())


def usable_frames(
    raw: Sequence[RawFrame],
    *,
    sizes: Mapping[tuple[int, int], tuple[int, int, int] | None],
    file_index: int,
    user_instances_only: bool,
    tracks: Mapping[str, int],
    videos: Sequence[str],
    nodes: int,
    with_empty: bool = False,
) -> tuple[list[LabeledFrame], Counts, list[str]]:
    """Turn stored frames into usable ones: merged by image, cleaned, without empty or repeated animals.

    `sizes` maps (video_index, frame_index) to the image size; frames that are not in it cannot be read and
    are left out. `tracks` maps names to indices, `videos` gives the video names for messages, `nodes` are those of the
    skeleton. Returns the frames in the order of the file, the counts of the file, and sentences about what was found;
    behind them, `with_empty`, come those that are marked as empty.
    """
    notes, frames = Notes(), []
    merged, marked = _merged(raw, videos, notes)
    empty = {(frame.video_index, frame.frame_index) for frame in raw if frame.empty and with_empty}
    for key, instances in merged.items():
        place = _place(videos, key)
        chosen = _choose(instances, user_instances_only, place, notes)
        if key not in sizes:
            continue
        before = notes.left_out_of_frames()
        kept = _clean_frame(chosen, sizes[key], place, notes)
        marks = _clean_marks(marked[key], kept, sizes[key], place, notes) if key in marked else None
        if not kept and marks is None and key not in empty:
            continue
        lost = [now - then for now, then in zip(notes.left_out_of_frames(), before, strict=True)]
        frame = _labelled(key, kept, file_index=file_index, tracks=tracks, nodes=nodes, lost=lost)
        frames.append(attrs.evolve(frame, size=sizes[key], marks=marks, empty=not kept and marks is None))
    return (
        sorted(frames, key=lambda frame: frame.empty),
        _count(merged, notes, unreadable=sum(key not in sizes for key in merged)),
        notes.sentences(),
    )


def _labelled(
    key: tuple[int, int],
    kept: Sequence[RawInstance],
    *,
    file_index: int,
    tracks: Mapping[str, int],
    nodes: int,
    lost: Sequence[int],
) -> LabeledFrame:
    """A frame with the animals that are kept; `lost` is what of them came to be left out."""
    return LabeledFrame(
        file_index=file_index,
        video_index=key[0],
        frame_index=key[1],
        points=np.stack([i.points for i in kept]) if kept else np.zeros((0, nodes, 2), np.float32),
        track_index=np.array(
            [-1 if i.track is None else tracks.get(i.track, -1) for i in kept], dtype=np.int64
        ),
        is_user=np.array([i.is_user for i in kept], dtype=bool),
        outside=lost[0],
        unpointed=lost[1],
        repeated=lost[2],
    )


def _merged(
    raw: Sequence[RawFrame], videos: Sequence[str], notes: Notes
) -> tuple[dict[tuple[int, int], list[RawInstance]], dict[tuple[int, int], list[tuple[float, float]]]]:
    """Animals and marks by (video_index, frame_index), those of frames that come several times together."""
    merged: dict[tuple[int, int], list[RawInstance]] = {}
    marked: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for frame in raw:
        key = (frame.video_index, frame.frame_index)
        if key in merged:
            notes.repeated_frames.append(_place(videos, key))
        merged.setdefault(key, []).extend(frame.instances)
        if len(frame.marks):
            marked.setdefault(key, []).extend(frame.marks)
    return merged, marked


def _choose(instances: Sequence[RawInstance], user_only: bool, place: str, notes: Notes) -> list[RawInstance]:
    """Pick the animals to learn from: labelled ones, and predictions without a labelled version if wanted."""
    users = [instance for instance in instances if instance.is_user]
    predictions = [instance for instance in instances if not instance.is_user and not instance.replaced]
    if not user_only:
        return users + predictions
    visible = [p for p in predictions if np.isfinite(p.points).any()]
    if users and visible:
        notes.left_out += [place] * len(visible)
    return users


def _clean_frame(
    instances: Sequence[RawInstance], size: tuple[int, int, int] | None, place: str, notes: Notes
) -> list[RawInstance]:
    """Clean the points of one frame and leave out animals without points and exact copies."""
    kept: list[RawInstance] = []
    for instance in instances:
        points, not_finite, outside = clean_points(instance.points, size=size)
        notes.not_finite += [place] * not_finite
        notes.outside += [place] * outside
        if not np.isfinite(points).any():
            notes.unpointed.append(place)
        elif any(np.array_equal(points, other.points, equal_nan=True) for other in kept):
            notes.repeated_instances.append(place)
        else:
            kept.append(attrs.evolve(instance, points=points))
    names = [instance.track for instance in kept if instance.track is not None]
    if len(names) != len(set(names)):
        notes.same_track.append(place)
    return kept


def _clean_marks(
    marks: Sequence[tuple[float, float]],
    kept: Sequence[RawInstance],
    size: tuple[int, ...] | None,
    place: str,
    notes: Notes,
) -> np.ndarray | None:
    """Centroid marks that stand for an animal of their own: in the image, and in no box around another animal."""
    cleaned, not_finite, outside = clean_points(np.array(marks), size=size)
    notes.marks_outside += [place] * (not_finite + outside)
    cleaned = cleaned[np.isfinite(cleaned).all(axis=1)]
    for animal in kept:
        low, high = np.nanmin(animal.points, axis=0), np.nanmax(animal.points, axis=0)
        cleaned = cleaned[~((cleaned >= low) & (cleaned <= high)).all(axis=1)]
    notes.marks += [place] * len(cleaned)
    return cleaned if len(cleaned) else None


def _count(
    merged: Mapping[tuple[int, int], Sequence[RawInstance]], notes: Notes, *, unreadable: int
) -> Counts:
    every = [instance for instances in merged.values() for instance in instances]
    users = sum(instance.is_user for instance in every)
    return Counts(
        frames=len(merged),
        empty_frames=sum(not instances for instances in merged.values()),
        user_instances=users,
        predicted_instances=len(every) - users,
        user_frames=sum(any(i.is_user for i in instances) for instances in merged.values()),
        instances_without_points=len(notes.unpointed),
        repeated_frames=len(notes.repeated_frames),
        repeated_instances=len(notes.repeated_instances),
        points_outside=len(notes.outside),
        points_not_finite=len(notes.not_finite),
        unreadable_frames=unreadable,
        predictions_left_out=len(notes.left_out),
        centroid_marks=len(notes.marks),
    )


def _place(videos: Sequence[str], key: tuple[int, int]) -> str:
    return f"{videos[key[0]]} frame {key[1]}"
