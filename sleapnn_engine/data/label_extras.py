"""What a labels file of newer SLEAP holds beside animals with body parts, and what becomes of it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import sleap_io as sio

from .phrases import counted, first_few, first_places

#: Kinds of labels on a frame that are not read: the attribute, and what one and several are called.
_NOT_READ = (
    ("masks", "mask", "masks"),
    ("bboxes", "box", "boxes"),
    ("rois", "region", "regions"),
    ("label_images", "label image", "label images"),
)


def told_extras(stored: sio.Labels) -> Iterator[str]:
    """Say what is not learned from: frames marked as empty, identities, masks and their kind."""
    yield from _negative_frames(stored)
    animals = (i for frame in stored.labeled_frames for i in frame.instances)
    named = [i for i in animals if i.identity is not None] if getattr(stored, "identities", ()) else []
    if named:
        names = first_few([f"'{name}'" for name in dict.fromkeys(i.identity.name for i in named)])
        have = "has" if len(named) == 1 else "have"
        yield f"{counted(len(named), 'animal')} {have} an identity ({names}), which is not read: animals are told apart by their tracks."
    found = []
    for attribute, one, several in _NOT_READ:
        count = sum(len(getattr(frame, attribute, ())) for frame in stored.labeled_frames)
        found += [counted(count, one, several)] if count else []
    if found:
        yield f"Not read: {', '.join(found)}; models learn from body parts and centroid marks."


def _negative_frames(stored: sio.Labels) -> Iterator[str]:
    empty = [frame for frame in stored.labeled_frames if getattr(frame, "is_negative", False)]
    with_animals = [frame for frame in empty if frame.instances]
    numbers = {id(video): number for number, video in enumerate(stored.videos)}
    for frames, so in (
        ([f for f in empty if not f.instances], "left out, because models learn from frames with animals"),
        (with_animals, "but there are animals on them, which are learned"),
    ):
        places = [f"video {numbers[id(frame.video)]} frame {int(frame.frame_idx)}" for frame in frames]
        if places:
            yield f"{counted(len(places), 'frame')} marked as empty: {so}{first_places(places)}."
