"""What a labels file of newer SLEAP holds beside animals with body parts, and what becomes of it, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import sleap_io as sio

from sleapnn_engine.config.text_format import counted, first_few, first_places

#: Kinds of labels on a frame that are not read: the attribute, and what one and several are called.
_ON_FRAMES = (
    ("masks", "mask", "masks"),
    ("bboxes", "box", "boxes"),
    ("label_images", "label image", "label images"),
)
#: The same for what belongs to the file; regions may be of a frame or of none.
_OF_FILE = (
    ("rois", "region", "regions"),
    ("events", "event", "events"),
    ("sessions", "recording session", "recording sessions"),
)


def describe_extras(stored: sio.Labels, *, with_empty: bool) -> Iterator[str]:
    """Say what is not learned from: frames marked as empty but `with_empty`, identities, categories, masks and their kind."""
    yield from _negative_frames(stored, used=with_empty)
    animals = [i for frame in stored.labeled_frames for i in frame.instances]
    yield from _named(animals, "identity", "an identity", "animals are told apart by their tracks")
    yield from _named(animals, "category", "a category", "all animals are learned as one kind")
    found: Counter[tuple[str, str]] = Counter()
    for attribute, one, several in _ON_FRAMES:
        count = sum(len(getattr(frame, attribute, ())) for frame in stored.labeled_frames)
        found[one, several] += count
    for attribute, one, several in _OF_FILE:
        found[one, several] += len(getattr(stored, attribute, ()))
    said = [counted(count, *words) for words, count in found.items() if count]
    if said:
        yield f"Not read: {', '.join(said)}; models learn from body parts and centroid marks."


def _named(animals: Sequence[sio.Instance], attribute: str, what: str, instead: str) -> Iterator[str]:
    """Say how many animals bear a name that is not read, and what holds in its place."""
    bearers = [b for b in (getattr(animal, attribute, None) for animal in animals) if b is not None]
    if bearers:
        names = first_few([f"'{name}'" for name in dict.fromkeys(bearer.name for bearer in bearers)])
        have = "has" if len(bearers) == 1 else "have"
        yield f"{counted(len(bearers), 'animal')} {have} {what} ({names}), which is not read: {instead}."


def _negative_frames(stored: sio.Labels, *, used: bool) -> Iterator[str]:
    empty = [frame for frame in stored.labeled_frames if getattr(frame, "is_negative", False)]
    with_animals = [frame for frame in empty if frame.instances]
    numbers = {id(video): number for number, video in enumerate(stored.videos)}
    alone = "learned as such" if used else "left out, because models learn from frames with animals"
    for frames, so in (
        ([f for f in empty if not f.instances], alone),
        (with_animals, "but there are animals on them, which are learned"),
    ):
        places = [f"video {numbers[id(frame.video)]} frame {int(frame.frame_idx)}" for frame in frames]
        if places:
            yield f"{counted(len(places), 'frame')} marked as empty: {so}{first_places(places)}."
