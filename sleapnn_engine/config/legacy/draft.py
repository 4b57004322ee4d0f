"""The new config and its report while an import writes them, one legacy leaf after the other."""

from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.legacy.fields import BACKBONES, FIELDS, HEADS, SECTIONS
from sleapnn_engine.config.legacy.report import Row, shown
from sleapnn_engine.config.legacy.source import WANTED, Source
from sleapnn_engine.config.spec import SPEC

_UNSET = object()

_SAME = "Means the same."
_OWN_DEFAULT = "SLEAP's own default is used."


class Draft:
    """What an import has made so far. Each leaf of the file gets exactly one row.

    `reset` asks that values resolved for an earlier data set be null again; `resolved` lists the new paths
    that hold such values. `size` is the (height, width) of the source images in pixels, or None.
    """

    def __init__(self, source: Source, *, reset: bool = False, size: tuple[int, int] | None = None) -> None:
        self.source = source
        self.reset = reset
        self.size = size
        self.values: dict[str, Any] = {}
        self.rows: list[Row] = []
        self.resolved: list[str] = []
        self._seen: set[str] = set()

    def seen(self, path: str) -> bool:
        """Whether the legacy leaf at `path` has been dealt with."""
        return path in self._seen

    def carry(self, path: str, *new: str, value: Any = _UNSET, reason: str = "", kind: str = "") -> None:
        """Write the legacy leaf at `path`, or `value` made from it, to the new paths and report it.

        The kind of row follows from what was done unless `kind` says it.
        """
        self._mark(path)
        old, default = self.source.leaves.get(path), FIELDS[path].default
        result = self.source.value(path) if value is _UNSET else value
        for target in new:
            tree.put(self.values, target, result)
        state = self.source.state(path)
        if state == "missing":
            if any(_guide(target) != result for target in new):
                self._row(
                    "info",
                    path,
                    new,
                    result,
                    _join(f"Not in the file; {_OWN_DEFAULT}", reason),
                    in_file=False,
                )
        elif state == "wrong":
            self._row("warning", path, new, result, _join(self._not_wanted(path), reason))
        elif state == "null" and default is not None:
            self._row(
                kind or "changed",
                path,
                new,
                result,
                _join(f"null stands for the default; {_OWN_DEFAULT}", reason),
            )
        else:
            own = (
                "mapped" if old == result and isinstance(old, bool) == isinstance(result, bool) else "changed"
            )
            self._row(kind or own, path, new, result, reason or _SAME)

    def carry_resolved(self, path: str, new: str, *, value: Any = _UNSET, reason: str = "") -> None:
        """Like `carry`, for a value that training fills in from its data: null again where asked for."""
        result = self.source.value(path) if value is _UNSET else value
        if result is not None and self.reset:
            self.carry(
                path, new, value=None, kind="changed", reason="Reset as asked: it follows the new data again."
            )
            return
        if result is not None:
            self.resolved.append(new)
        self.carry(path, new, value=result, reason=reason)

    def drop(self, path: str, reason: str, *, kind: str = "dropped") -> None:
        """Report that nothing corresponds to the legacy leaf at `path`, where the file has it."""
        self._mark(path)
        if path in self.source.leaves:
            self._row(kind, path, (), None, reason)

    def note(self, new: str, value: Any, reason: str, *, kind: str = "info") -> None:
        """Write what SLEAP did without a setting for it; reported where the guide's default is another."""
        tree.put(self.values, new, value)
        if _guide(new) != value:
            self._row(kind, "", (new,), value, reason, in_file=False)

    def report(self, path: str, new: tuple[str, ...], value: Any, reason: str, *, kind: str) -> None:
        """Write `value` to the new paths and give the leaf exactly this row, where the file has it."""
        self._mark(path)
        for target in new:
            tree.put(self.values, target, value)
        if self.source.state(path) == "wrong":
            self._row("warning", path, new, value, _join(self._not_wanted(path), reason))
        elif path in self.source.leaves:
            self._row(kind, path, new, value, reason)

    def remark(self, reason: str) -> None:
        """Warn of something that no single leaf says."""
        self._row("warning", "", (), None, reason, in_file=False)

    def finish(self) -> None:
        """Give a row to every leaf that no rule has dealt with: empty sections and unknown keys."""
        for path, value in self.source.leaves.items():
            if self.seen(path):
                continue
            if path not in SECTIONS:
                self.drop(path, "SLEAP 1.4 has no such setting, so it is not carried over.", kind="warning")
            elif value is None and path.startswith((HEADS, BACKBONES)) and path.count(".") == 2:
                self.drop(path, "Not chosen in this file.", kind="info")
            elif value is None or value == {}:
                self.drop(path, "Nothing is set here; SLEAP's own defaults are used.", kind="info")
            else:
                self.drop(
                    path, f"{shown(value)} is not a section; SLEAP's own defaults are used.", kind="warning"
                )

    def _not_wanted(self, path: str) -> str:
        return f"{shown(self.source.leaves[path])} is not {WANTED[FIELDS[path].kind]}; {_OWN_DEFAULT}"

    def _mark(self, path: str) -> None:
        assert path not in self._seen, f"{path} has two rows"
        self._seen.add(path)

    def _row(
        self, kind: str, path: str, new: tuple[str, ...], value: Any, reason: str, *, in_file: bool = True
    ) -> None:
        old = self.source.leaves.get(path) if in_file else None
        self.rows.append(
            Row(
                kind=kind,
                legacy_path=path,
                old_value=old,
                new_paths=new,
                new_value=value,
                reason=reason,
                in_file=in_file,
            )
        )


def _guide(path: str) -> Any:
    """The guide's default of a key; of a section, null."""
    return SPEC.keys[path].default if path in SPEC.keys else None


def _join(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
