"""Which file each stored video of a labels file is read from: one file is never read for two of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.text_format import counted, file_name, first_few, first_places
from sleapnn_engine.data.video_paths import Place, find_images, same_stored


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
    def display_name(self) -> str:
        """Name it as a person would: its path, or the first file of a list with their number."""
        if len(self.names) > 1:
            return f"{self.names[0]} and {counted(len(self.names) - 1, 'more image')}"
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
    claims: dict[tuple[str, str], list[_Claim]] = {}
    claiming = [video for video in found if video.number in labelled]
    for video in claiming if len(claiming) > 1 else ():
        for name, place in zip(video.names, video.places, strict=True):
            if place.path:
                key = os.path.realpath(place.path), video.dataset
                claims.setdefault(key, []).append(_Claim(video, name, place.tail))
    for (file, _), claimants in claims.items():
        if len(claimants) > 1:
            _settle(Path(file), claimants, found)
    firsts: dict[tuple[str, ...], int] = {}
    for video in [found[one.number] for one in claiming]:
        if video.is_found:
            first = firsts.setdefault(_identity(video), video.number)
            if first != video.number:
                found[video.number] = attrs.evolve(video, same_as=first)
    return found


def describe_moves(videos: Sequence[Stored]) -> list[str]:
    """Say which videos are read from elsewhere than the labels file says."""
    moved = [f"{video.display_name} → {video.path}" for video in videos if video.is_moved]
    are = "video is" if len(moved) == 1 else "videos are"
    return (
        [f"{len(moved)} {are} not where the labels say, but near them{first_places(moved)}."] if moved else []
    )


def describe_repeats(videos: Sequence[Stored]) -> list[str]:
    """Say which videos are in the list twice."""
    return [
        f"It lists {file_name(video.display_name)} twice, as videos {video.same_as} and {video.number}: read as one video."
        for video in videos
        if video.same_as is not None
    ]


def why_missing(video: Stored, frames: int) -> str:
    """Name a video that is not read, with what could be meant by it."""
    text = f"{video.display_name} ({counted(frames, 'frame')})"
    candidates = list(dict.fromkeys(str(path) for place in video.places for path in place.candidates))
    if video.rivals:
        rivals = first_few(list(video.rivals))
        return (
            f"{text}, for which there is only {first_few(candidates)}, which would also be read for {rivals}"
        )
    if len(candidates) == 1:
        return f"{text}, which may be {candidates[0]}"
    return text + (f", which may be any of {first_few(candidates)}" if candidates else "")


@attrs.frozen(eq=False)
class _Claim:
    """That a video is read from a file, because of one of its stored paths, of which `tail` parts agree."""

    video: Stored
    name: str
    tail: int

    @property
    def fit(self) -> float:
        """How well the path fits the file; one that leads there as it stands fits best."""
        return float(self.tail or "inf")


def _settle(file: Path, claims: Sequence[_Claim], found: list[Stored]) -> None:
    """Give a file that several stored paths lead to to the one it fits best, or to none; changes `found`."""
    kinds: dict[str, list[_Claim]] = {}
    for claim in claims:
        kinds.setdefault(same_stored(claim.name), []).append(claim)
    if len(kinds) == 1 or not any(claim.tail for claim in claims):
        return
    fits = {name: alike[0].fit for name, alike in kinds.items()}
    owners = [name for name, fit in fits.items() if fit == max(fits.values())]
    for name, alike in kinds.items():
        if owners == [name]:
            continue
        rivals = [others[0].video.display_name for kind, others in kinds.items() if kind != name]
        for video in (claim.video for claim in alike):
            if found[video.number].is_found:
                found[video.number] = video.lost([file], rivals=rivals)


def _identity(video: Stored) -> tuple[str, ...]:
    """What two videos have in common that are one: every file, and the dataset in it."""
    files = (
        os.path.realpath(place.path) if place.path else same_stored(name)
        for name, place in zip(video.names, video.places, strict=True)
    )
    return video.dataset, *files


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
        # Parts cut out of one video are videos of their own.
        dataset=f"{metadata.get('dataset') or ''}{metadata.get('crop') or ''}",
        shape=tuple(int(side) for side in shape) if whole else None,  # type: ignore[arg-type]
        places=tuple(places),
        inside=inside,
    )
