"""Which file each stored video of a labels file is read from: one file is never read for two of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import attrs

from .phrases import counted, file_name, first_few, first_places
from .video_paths import Place, find_images, same_stored


@attrs.frozen(eq=False)
class Stored:
    """A video as the labels file tells of it, and the files found for it.

    `names` are its stored paths, one but for lists of images; `dataset` is where it is kept inside an array file.
    `same_as` is the number of an earlier video that is the very same, `rivals` the stored paths of others that the
    same file could be.
    """

    number: int
    names: tuple[str, ...]
    dataset: str
    shape: tuple[int, int, int, int] | None
    places: tuple[Place, ...]
    inside: bool
    same_as: int | None = None
    rivals: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """Name it as a person would: its path, or the first file of a list with their number."""
        if len(self.names) > 1:
            return f"{file_name(self.names[0])} and {len(self.names) - 1} more images"
        return self.names[0]

    @property
    def is_found(self) -> bool:
        """Whether anything of it is there to be read."""
        return any(place.path for place in self.places)

    @property
    def path(self) -> Path | None:
        """The file it is read from; the first of a list."""
        return next((place.path for place in self.places if place.path), None)

    @property
    def is_moved(self) -> bool:
        """Whether it was found elsewhere than the labels file says."""
        return any(place.path and place.tail for place in self.places)

    def lost(self, candidates: Sequence[Path] = (), *, rivals: Sequence[str] = ()) -> Stored:
        """The same without its files, which could be another video's."""
        gone = tuple(Place(None, candidates=tuple(candidates)) for _ in self.places)
        return attrs.evolve(self, places=gone, rivals=tuple(rivals))


def choose_files(videos: Sequence[Any], *, labels: Path, labelled: Collection[int]) -> list[Stored]:
    """Find the files of all videos, sleap-io's, of the labels file `labels`; only `labelled` ones claim a file."""
    found = [_stored(video, number, labels) for number, video in enumerate(videos)]
    claims: dict[tuple[str, str], list[Stored]] = {}
    claiming = [video for video in found if video.number in labelled and not video.inside]
    for video in claiming if len(claiming) > 1 else ():
        for place in video.places:
            if place.path:
                key = os.path.realpath(place.path), video.dataset
                claims.setdefault(key, []).append(video)
    for (file, _), claimants in claims.items():
        if len(claimants) > 1:
            _settle(Path(file), claimants, found)
    return found


def told_moves(videos: Sequence[Stored]) -> list[str]:
    """Say which videos are read from elsewhere than the labels file says."""
    moved = [f"{video.said} → {video.path}" for video in videos if video.is_moved]
    are = "video is" if len(moved) == 1 else "videos are"
    return (
        [f"{len(moved)} {are} not where the labels say, but near them{first_places(moved)}."] if moved else []
    )


def told_repeats(videos: Sequence[Stored]) -> list[str]:
    """Say which videos are in the list twice."""
    return [
        f"It lists {file_name(video.said)} twice, as videos {video.same_as} and {video.number}: read as one video."
        for video in videos
        if video.same_as is not None
    ]


def why_missing(video: Stored, frames: int) -> str:
    """Name a video that is not read, with what could be meant by it."""
    text = f"{video.said} ({counted(frames, 'frame')})"
    candidates = list(dict.fromkeys(str(path) for place in video.places for path in place.candidates))
    if video.rivals:
        rivals = first_few(list(video.rivals))
        return (
            f"{text}, for which there is only {first_few(candidates)}, which would also be read for {rivals}"
        )
    if len(candidates) == 1:
        return f"{text}, which may be {candidates[0]}"
    return text + (f", which may be any of {first_few(candidates)}" if candidates else "")


def _settle(file: Path, claimants: Sequence[Stored], found: list[Stored]) -> None:
    """Give a file that several videos claim to the one it fits best, or to none; changes `found`."""
    kinds: dict[tuple[str, ...], list[Stored]] = {}
    for video in claimants:
        kinds.setdefault(tuple(same_stored(name) for name in video.names), []).append(video)
    first = min(claimants, key=lambda video: video.number)
    if len(kinds) == 1 or not any(video.is_moved for video in claimants):
        for video in claimants:
            if video is not first and len(video.places) == len(first.places):
                found[video.number] = attrs.evolve(found[video.number], same_as=first.number)
        return
    tails = {names: _tail(videos[0], file) for names, videos in kinds.items()}
    best = max(tails.values())
    owners = [names for names, tail in tails.items() if tail == best]
    for names, videos in kinds.items():
        if owners == [names]:
            continue
        rivals = [other[0].said for kind, other in kinds.items() if kind != names]
        for video in videos:
            found[video.number] = video.lost([file], rivals=rivals)


def _tail(video: Stored, file: Path) -> float:
    """How well a path fits a file: by the parts that agree; a path that leads there as it stands fits best."""
    tail = max(
        p.tail or float("inf") for p in video.places if p.path and os.path.realpath(p.path) == str(file)
    )
    return float(tail)


def _stored(video: Any, number: int, labels: Path) -> Stored:
    metadata = video.backend_metadata
    given = metadata.get("filenames") or metadata.get("filename") or video.filename
    names = tuple(str(name) for name in given) if isinstance(given, list) else (str(given),)
    inside = names == (".",)
    if inside:
        places = [Place(labels)]
        names = (str(labels),)
    else:
        places = find_images(names, labels.parent)
    shape = metadata.get("source_shape") or metadata.get("shape")
    whole = shape is not None and len(shape) == 4 and all(side is not None for side in shape)
    return Stored(
        number=number,
        names=names,
        # Parts cut out of one film are videos of their own.
        dataset=f"{metadata.get('dataset') or ''}{metadata.get('crop') or ''}",
        shape=tuple(int(side) for side in shape) if whole else None,  # type: ignore[arg-type]
        places=tuple(places),
        inside=inside,
    )
