"""What the journal of a run says of it in a line, without reading all of it."""

import json
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.model_words import model_name

_HEAD_BYTES = 65_536
_MOST_EPOCHS = 5000
"""Epochs looked through, from the last one back, for the best one."""


@attrs.frozen
class RunSummary:
    """One run folder in a line. `ended` is the outcome, `running`, or `no end recorded`; '' is for what is not known.

    `error`, `found` and `identity` are those of the epoch whose model was kept.
    """

    folder: Path
    model: str = ""
    ended: str = ""
    epochs: str = ""
    best: str = ""
    error: str = ""
    found: str = ""
    identity: str = ""
    changed: float = 0.0


def find_runs(folder: Path, *, most: int = 500) -> list[RunSummary]:
    """Runs directly inside `folder`, newest first; unreadable ones are left out."""
    try:
        found = [path for path in folder.iterdir() if path.is_dir() and (path / "events.jsonl").is_file()]
    except OSError:
        return []
    runs = [summary for path in found[:most] if (summary := summarise(path)) is not None]
    return sorted(runs, key=lambda run: -run.changed)


def summarise(folder: Path) -> RunSummary | None:
    """What a journal says of a run; None where it cannot be read."""
    journal = folder / "events.jsonl"
    try:
        with journal.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
            started = next(_forwards(text, "started"), {})
            finished = next(_backwards(text, "finished"), {})
            failed = next(_backwards(text, "failed"), {})
            last, kept = _epochs(text)
        changed = journal.stat().st_mtime
    except (OSError, ValueError):  # ValueError: nothing was written yet
        return None
    outcome = str(finished.get("outcome", "")).replace("_", " ") if finished else "failed" if failed else ""
    running = "running" if (folder / "engine.json").exists() else "no end recorded"
    best = (finished or last).get("best_val")
    error = kept.get("error") or {}
    return RunSummary(
        folder,
        model=model_name(str(started.get("model_type", ""))),
        ended=outcome or running,
        epochs=str(finished.get("epochs", last.get("epoch", -1) + 1) if finished or last else 0),
        best=words.loss(best) if isinstance(best, (int, float)) else "",
        error=words.pixels(error["median_px"]) if error.get("median_px") is not None else "",
        found=words.part(error["f1"]) if error.get("f1") is not None else "",
        identity=words.part(error["class_accuracy"]) if error.get("class_accuracy") is not None else "",
        changed=changed,
    )


def _epochs(text: mmap.mmap) -> tuple[dict[str, Any], dict[str, Any]]:
    """The last epoch's body, and that of the best one; the last again where the best is not to be found."""
    last: dict[str, Any] = {}
    for count, body in enumerate(_backwards(text, "epoch_end")):
        last = last or body
        if body.get("epoch") == last.get("best_epoch"):
            return last, body
        if count >= _MOST_EPOCHS:
            break
    return last, last


def _forwards(text: mmap.mmap, kind: str) -> Iterator[dict[str, Any]]:
    """Bodies of a kind from the first on, within the first part of the journal."""
    for line in text[:_HEAD_BYTES].splitlines():
        yield from _body(line, kind)


def _backwards(text: mmap.mmap, kind: str) -> Iterator[dict[str, Any]]:
    """Bodies of a kind from the last one back; the lines between are not taken apart."""
    mark, end = f'"kind":"{kind}"'.encode(), len(text)
    while (place := text.rfind(mark, 0, end)) >= 0:
        begin = text.rfind(b"\n", 0, place) + 1
        stop = text.find(b"\n", place)
        yield from _body(text[begin : stop if stop >= 0 else len(text)], kind)
        end = begin


def _body(line: bytes, kind: str) -> Iterator[dict[str, Any]]:
    """The body of a line that is an event of the kind; nothing for any other, half written ones included."""
    try:
        event = json.loads(line)
    except ValueError:
        return
    if isinstance(event, dict) and event.get("kind") == kind and isinstance(event.get("body"), dict):
        yield event["body"]
