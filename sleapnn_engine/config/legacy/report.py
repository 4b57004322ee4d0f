"""What became of each setting of a SLEAP ≤ 1.4 file: the report an import hands back."""

import json
from typing import Any

import attrs

#: kind of row -> heading in the text report, in the order they are shown
KINDS = {
    "warning": "Warnings: look at these",
    "changed": "Changed: another value or another meaning",
    "dropped": "Dropped: nothing here corresponds",
    "mapped": "Mapped: means the same",
    "info": "Notes: what the file left unsaid",
}

_SHOWN = 70


@attrs.frozen(kw_only=True)
class Row:
    """What became of one legacy leaf, or of something SLEAP did without the file saying so.

    `kind` is one of `KINDS`. `legacy_path` is '' for what no leaf says; `in_file` tells whether the leaf
    stands in the file (a missing one has its row when SLEAP's default is not ours). `new_paths` is empty for
    what was dropped; all of them were given `new_value`. `reason` is one or more sentences.
    """

    kind: str
    legacy_path: str
    old_value: Any
    new_paths: tuple[str, ...]
    new_value: Any
    reason: str
    in_file: bool = True

    @property
    def new_path(self) -> str:
        """The new dotted paths as one text, '' where there is none."""
        return ", ".join(self.new_paths)

    @property
    def text(self) -> str:
        """The row in one line, without its reason."""
        if not self.legacy_path:
            old = "(not a setting of SLEAP)"
        elif self.in_file:
            old = f"{self.legacy_path}: {shown(self.old_value)}"
        else:
            old = f"{self.legacy_path}: (not in the file)"
        return f"{old} → {self.new_path}: {shown(self.new_value)}" if self.new_paths else old


@attrs.frozen
class Report:
    """All rows of one import, in the order of the file; `source` is the file's name or ''."""

    rows: tuple[Row, ...]
    source: str = ""

    def of(self, kind: str) -> list[Row]:
        return [row for row in self.rows if row.kind == kind]

    @property
    def summary(self) -> str:
        """The number of rows of each kind, in one line."""
        counts = {kind: len(self.of(kind)) for kind in KINDS}
        words = {"warning": "warning", "info": "note"}
        many = {kind: "s" if kind in words and count != 1 else "" for kind, count in counts.items()}
        return ", ".join(f"{count} {words.get(kind, kind)}{many[kind]}" for kind, count in counts.items())

    def to_text(self) -> str:
        """The whole report as plain text, the rows that need a look first."""
        lines = [f"Import of {self.source or 'a SLEAP 1.4 configuration'}", self.summary]
        for kind, heading in KINDS.items():
            rows = self.of(kind)
            if rows:
                lines += ["", heading]
            for row in rows:
                lines += [f"  {row.text}", f"      {row.reason}"]
        # A name with half a surrogate pair cannot be written as UTF-8; it is shown as a question mark.
        return "\n".join(lines).encode("utf-8", "replace").decode("utf-8") + "\n"


def shown(value: Any) -> str:
    """A value as it would stand in the file, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
