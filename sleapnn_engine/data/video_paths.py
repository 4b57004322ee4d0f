"""Where the videos of a labels file are now: where it says, or under the longest tail of that path near it.

The rule. A path that leads to a file as it stands (absolute, or from the folder of the labels file) is that file.
Otherwise the tails of the stored path are tried, the longest first: `D:/lab/day1/cam.mp4` is looked for as
`lab/day1/cam.mp4`, `day1/cam.mp4` and `cam.mp4`. Tails of two and more parts are looked for in the folder of the labels
file and in the two folders above it, the bare name only beside the labels file. The first tail that is found counts;
when it is found in several places, none is taken. Both kinds of separators are understood everywhere; capitals make no
difference in paths of Windows, nor do the two ways of writing an accent in any. The images of one folder are looked
for together, so that they are never put together from several.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import attrs

_WINDOWS = re.compile(r"^[A-Za-z]:|\\")
_DRIVE = re.compile(r"^[A-Za-z]:$")
_ABOVE = 2
#: Folders beside the labels file that are searched for a name, for a hint only.
_HINTED = 200


@attrs.frozen
class Place:
    """Where a stored path leads.

    `path` is None when nothing, or several files, were found; `tail` is how many parts of the stored path agree, 0
    where it stands as stored. `candidates` are files that could be meant where `path` is None.
    """

    path: Path | None
    tail: int = 0
    candidates: tuple[Path, ...] = ()


def is_address(stored: str) -> bool:
    """Say whether a stored video path is a web or cloud address rather than a file."""
    return "://" in stored


def same_stored(stored: str) -> str:
    """A stored path in the one form that paths of the same file share."""
    text = unicodedata.normalize("NFC", "/".join(_parts(stored)))
    return text.casefold() if _WINDOWS.search(stored) else text


def find_images(stored: Sequence[str], folder: Path) -> list[Place]:
    """Find files that belong together, in the order of `stored`; those of one stored folder come from one folder."""
    places: list[Place | None] = [_as_stored(name, folder) for name in stored]
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, name in enumerate(stored):
        if places[index] is None:
            groups.setdefault(tuple(_parts(name)[:-1]), []).append(index)
    for parents, members in groups.items():
        names = [_parts(stored[index])[-1:] for index in members]
        folded = bool(_WINDOWS.search(stored[members[0]]))
        found = _group(parents, [name[0] if name else "" for name in names], folder, folded=folded)
        for index, place in zip(members, found, strict=True):
            places[index] = place
    return [place or Place(None) for place in places]


def _as_stored(stored: str, folder: Path) -> Place | None:
    """The file as it stands; an empty place for addresses, which are never followed."""
    if is_address(stored) or not stored.strip():
        return Place(None)
    candidates = [stored] if os.path.isabs(stored) else [os.path.join(folder, stored)]
    if "\\" in stored and not os.path.isabs(stored):
        candidates.append(os.path.join(folder, stored.replace("\\", "/")))
    for candidate in candidates:
        if _is_file(candidate):
            return Place(Path(candidate))
    return None


def _group(parents: tuple[str, ...], names: Sequence[str], folder: Path, *, folded: bool) -> list[Place]:
    """Files of one stored folder: from the first tail of it under which one of them is found."""
    above = [folder.absolute(), *folder.absolute().parents[:_ABOVE]]
    for start in range(len(parents) + 1):
        tail = parents[start:]
        if ".." in tail:
            continue
        hits: list[dict[str, list[Path]]] = []
        for base in above if tail else above[:1]:
            for place in _folders(base, tail, folded=folded):
                found = _in_folder(place, names, folded=folded)
                if found:
                    hits.append(found)
        if hits:
            return [_place(name, hits, tail=len(tail) + 1) for name in names]
    hinted = _below(folder, names, folded=folded) if len(names) == 1 else []
    return [Place(None, candidates=tuple(hinted)) for _ in names]


def _place(name: str, hits: Sequence[dict[str, list[Path]]], *, tail: int) -> Place:
    files = {os.path.realpath(file): file for hit in hits for file in hit.get(name, [])}
    if len(files) == 1:
        return Place(next(iter(files.values())), tail=tail)
    return Place(None, candidates=tuple(files.values()))


def _folders(base: Path, tail: Sequence[str], *, folded: bool) -> list[Path]:
    """Folders below `base` along `tail`: as it is written, else those that are equal but for capitals and accents."""
    places = [base]
    for part in tail:
        places = [found for place in places for found in _entries(place, part, folded=folded, folders=True)]
    return places


def _entries(place: Path, name: str, *, folded: bool, folders: bool) -> list[Path]:
    exact = place / name
    if os.path.isdir(exact) if folders else _is_file(exact):
        return [exact]
    wanted = _plain(name, folded=folded)
    return [
        entry
        for entry in _listed(place)
        if _plain(entry.name, folded=folded) == wanted and os.path.isdir(entry) == folders
    ]


def _in_folder(place: Path, names: Sequence[str], *, folded: bool) -> dict[str, list[Path]]:
    """The files of `names` in a folder; many are looked up in one listing."""
    if len(names) == 1:
        found = _entries(place, names[0], folded=folded, folders=False)
        return {names[0]: found} if found else {}
    listed: dict[str, list[Path]] = {}
    there = _listed(place)
    exact = {entry.name: entry for entry in there}
    for entry in there:
        listed.setdefault(_plain(entry.name, folded=folded), []).append(entry)
    found_all = {n: [exact[n]] if n in exact else listed.get(_plain(n, folded=folded), []) for n in names}
    return {name: files for name, files in found_all.items() if files}


def _below(folder: Path, names: Sequence[str], *, folded: bool) -> list[Path]:
    """Files of the name in folders beside the labels file: told, never taken."""
    folders = [entry for entry in _listed(folder) if os.path.isdir(entry)][:_HINTED]
    return [file for place in folders for file in _entries(place, names[0], folded=folded, folders=False)]


def _listed(place: Path) -> list[Path]:
    try:
        return sorted(place.iterdir())
    except OSError:  # no such folder, or one that may not be looked into
        return []


def _is_file(path: str | Path) -> bool:
    try:
        return os.path.isfile(path)
    except ValueError:  # a name that no system takes is a file that is not there
        return False


def _plain(name: str, *, folded: bool) -> str:
    text = unicodedata.normalize("NFC", name)
    return text.casefold() if folded else text


def _parts(stored: str) -> list[str]:
    parts = [part for part in stored.replace("\\", "/").split("/") if part not in ("", ".")]
    return parts[1:] if parts and _DRIVE.match(parts[0]) else parts
