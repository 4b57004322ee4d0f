"""A page of past events as a reply carries it: journal lines in one part, then each frame with its arrays."""

from collections.abc import Sequence
from typing import Any

from sleapnn_engine.protocol.codec import MAX_ARRAYS, DecodeError
from sleapnn_engine.protocol.replay import Stretch


def encode_page(stretch: Stretch) -> tuple[dict[str, Any], list[bytes]]:
    """What the reply's body says of the page, and the parts that follow the reply's JSON.

    `next` is the number to ask from next; `frames` holds, for each frame, how many arrays follow its JSON.
    """
    layout = {"next": stretch.next, "frames": [len(frame.arrays) for frame in stretch.frames]}
    parts = [stretch.lines]
    for frame in stretch.frames:
        parts += [frame.line, *frame.arrays]
    return layout, parts


def decode_page(body: dict[str, Any], parts: Sequence[bytes]) -> tuple[list[list[bytes]], int]:
    """The events of a page, each as JSON and raw arrays, and the number to ask from next.

    Raises DecodeError when the parts are not what the body says.
    """
    next_seq, frames = body.get("next"), body.get("frames")
    if type(next_seq) is not int or not isinstance(frames, list):
        raise DecodeError("'next' should be a whole number and 'frames' a list")
    if not all(type(count) is int and 0 <= count <= MAX_ARRAYS for count in frames):
        raise DecodeError("'frames' should say how many arrays each frame has")
    if len(parts) != 1 + len(frames) + sum(frames):
        raise DecodeError(f"{len(parts)} parts came for {len(frames)} frames of {sum(frames)} arrays")
    events = [[line] for line in parts[0].split(b"\n") if line]
    at = 1
    for count in frames:
        events.append(list(parts[at : at + 1 + count]))
        at += 1 + count
    return events, next_seq
