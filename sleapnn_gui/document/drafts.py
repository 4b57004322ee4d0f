"""Drafts: unsaved work as files of its own, so that it outlives a process that was killed."""

import contextlib
import json
import re
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.disk import PART, write_whole
from sleapnn_engine.config.files import SECRETS, without_secrets
from sleapnn_engine.config.plain_json import from_json
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.lock_file import LockFile

_FORMAT = 1
#: What a person types behind the names of secrets, also in a text that cannot be read.
_KEYS = re.compile(
    rf"(?m)^(\s*[\"']?(?:{'|'.join(path.rpartition('.')[2] for path in SECRETS)})[\"']?\s*:).*$"
)


@attrs.frozen(kw_only=True)
class Draft:
    """A draft whose window is gone: what it held, and since when (Unix seconds).

    `unread` is what was typed beside the form and is no config, with the reason, by half of a pair.
    """

    state: State
    unread: Mapping[str, tuple[str, str]] = attrs.field(factory=dict)
    at: float
    path: Path
    lock: LockFile

    def discard(self) -> None:
        """Delete it for good."""
        self.path.unlink(missing_ok=True)
        self.lock.release(remove=True)

    def leave(self) -> None:
        """Keep it for the next start."""
        self.lock.release()


class DraftStore:
    """The drafts in one folder, of which this window writes one. Used by one thread at a time.

    Beside each draft lies a lock file that its window holds. Nothing is made before there is something to keep.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._own: Path | None = None
        self._lock_file: LockFile | None = None

    def write(self, state: State, unread: Mapping[str, tuple[str, str]] | None = None) -> None:
        """Keep a state, whole or not at all, for its owner's eyes only. Raises OSError."""
        if self._own is None or self._lock_file is None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            own = self.folder / f"{secrets.token_hex(8)}.json"
            lock = LockFile(own.with_suffix(".lock"))
            lock.acquire()
            self._own, self._lock_file = own, lock
        write_whole(self._own, encode(state, at=time.time(), unread=unread), mode=0o600)

    def remove(self) -> None:
        """What this window had to keep is saved or given up."""
        if self._own is not None and self._lock_file is not None:
            self._own.unlink(missing_ok=True)
            self._lock_file.release(remove=True)
            self._own = self._lock_file = None

    def adopt(self, draft: Draft) -> None:
        """Go on writing a draft that was found, in place of this window's own."""
        self.remove()
        self._own, self._lock_file = draft.path, draft.lock

    def claim_abandoned(self) -> list[Draft]:
        """Drafts whose windows are gone, newest first; they are held, so that no other window offers them too."""
        found = []
        for path in self.folder.glob("*.json"):
            lock = LockFile(path.with_suffix(".lock"))
            # A draft that cannot be read, or is of a later version, is left where it is.
            with contextlib.suppress(OSError):
                if not lock.acquire():
                    continue
                draft = _read(path, lock)
                if draft is not None:
                    found.append(draft)
                else:
                    lock.release()
        self._sweep()
        return sorted(found, key=lambda draft: -draft.at)

    def _sweep(self) -> None:
        """Remove what processes that were killed left beside drafts."""
        for path in self.folder.glob("*.lock"):
            if path.with_suffix(".json").exists():
                continue
            with contextlib.suppress(OSError):
                lock = LockFile(path)
                if lock.acquire():
                    for part in self.folder.glob(f".{path.stem}*{PART}"):
                        part.unlink(missing_ok=True)
                    lock.release(remove=True)


def encode(state: State, *, at: float, unread: Mapping[str, tuple[str, str]] | None = None) -> str:
    """A state as JSON text without secrets. JSON, because it is written fast beside a window that is in use."""
    typed = {half: (_KEYS.sub(r"\1", text), why) for half, (text, why) in (unread or {}).items()}
    return json.dumps({"format": _FORMAT, "at": at, "state": _body(state), "unread": typed})


def _body(state: State) -> dict[str, Any]:
    body = attrs.asdict(state, recurse=False, filter=lambda field, _: field.name != "issues")  # judged anew
    body["values"], body["opened"] = without_secrets(state.values), without_secrets(state.opened)
    for name in ("parked", "started"):
        body[name] = {section: _without(section, kept) for section, kept in body[name].items()}
    body["path"] = None if state.path is None else str(state.path)
    body["other"] = None if state.other is None else _body(state.other)
    return body


def decode(text: str) -> tuple[State, float, dict[str, tuple[str, str]]]:
    """The state and time of a draft, and what was typed and is no config.

    Raises ValueError, KeyError, AttributeError or TypeError where it is none of this format.
    """
    found = from_json(text)
    if found["format"] != _FORMAT:
        raise ValueError("a draft of another version")
    unread = {str(half): (str(typed), str(why)) for half, (typed, why) in found.get("unread", {}).items()}
    return _state(found["state"]), float(found["at"]), unread


#: What each field of a state is; the disk may have damaged what still can be read.
_TABLES, _TEXTS = ("values", "opened", "parked", "started"), ("text", "title", "typed", "half")


def _state(body: dict[str, Any]) -> State:
    path, other = body.pop("path"), body.pop("other", None)
    tables = [body.get(name, {}) for name in _TABLES]
    kept = [one for name in ("parked", "started") for one in dict(body.get(name, {})).values()]
    texts = [body.get(name, "") for name in _TEXTS]
    if not all(isinstance(one, dict) for one in (*tables, *kept)) or not all(
        isinstance(one, str) for one in texts
    ):
        raise TypeError("a draft of another form")
    return State(
        **body,
        path=None if path is None else Path(path),
        other=None if other is None else _state(other),
    )


def _read(path: Path, lock: LockFile) -> Draft | None:
    try:
        state, at, unread = decode(path.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None
    return Draft(state=state, unread=unread, at=at, path=path, lock=lock)


def _without(section: str, kept: dict[str, Any]) -> dict[str, Any]:
    """The values kept for a section that is not in use, without the secrets among them."""
    hidden = {path.removeprefix(f"{section}.") for path in SECRETS if path.startswith(f"{section}.")}
    return {name: None if name in hidden else value for name, value in kept.items()}
