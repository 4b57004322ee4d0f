"""The pages of the manual under `resources/docs`, their sections, and where words stand in them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
import yaml

from sleapnn_engine.config.resources import resource_path

#: The page of every setting, whose sections are called as their keys.
SETTINGS = "config-reference.md"
_HEADING = re.compile(r"^(#{1,6}) +(.*)$")
_MARKS = re.compile(r"[`*]|!\[[^\]]*\]\([^)\s]*\)|\[([^\]]*)\]\([^)\s]*\)")
#: A picture for one of the two themes, as the site of these pages marks it too.
_ONE_THEME = re.compile(r"^!\[[^\]]*\]\([^)\s]*#only-(light|dark)\)\n?", re.MULTILINE)
#: Bullets, and what draws the lines of tables.
_RULED = re.compile(r"[-|:]+")
_AROUND = 60


@attrs.frozen
class Section:
    """A heading of a page with what stands below it, up to the next one. `anchor` is what links call it."""

    title: str
    level: int
    anchor: str
    text: str


@attrs.frozen
class Page:
    """A page: the file it is in, what the list calls it, and the group it stands in there, '' for none."""

    file: str
    title: str
    group: str
    markdown: str
    sections: tuple[Section, ...]

    @property
    def about(self) -> str:
        """How it begins."""
        return next((section.text for section in self.sections if section.text), "")


@attrs.frozen
class Hit:
    """A place where all words that are looked for stand: page, section, and the text around the first of them."""

    page: Page
    section: Section
    around: str


def read_pages() -> list[Page]:
    """All pages in the order of the manual's list."""
    listed = yaml.load(resource_path("manual.yml").read_text(encoding="utf-8"), Loader=yaml.SafeLoader)["nav"]
    return [_read(title, group, file) for title, group, file in _entries(listed)]


def _entries(listed: Sequence[dict[str, object]], group: str = "") -> Iterator[tuple[str, str, str]]:
    for entry in listed:
        for title, value in entry.items():
            if isinstance(value, list):
                yield from _entries(value, title)
            else:
                yield title, group, str(value)


def _read(title: str, group: str, file: str) -> Page:
    text = resource_path("docs", file).read_text(encoding="utf-8")
    return Page(file, title, group, text, tuple(_sections(text)))


def folder() -> Path:
    """Where the pages and their pictures are."""
    return resource_path("docs")


def in_theme(markdown: str, scheme: str) -> str:
    """The text of a page without the pictures of the other theme; `scheme` is light or dark."""
    return _ONE_THEME.sub(lambda found: found[0] if found[1] == scheme else "", markdown)


def _sections(text: str) -> Iterator[Section]:
    known: Counter[str] = Counter()
    title, level, lines = "", 0, list[str]()
    is_code = False
    for line in [*text.splitlines(), "# "]:
        is_code ^= line.startswith("```")
        heading = None if is_code else _HEADING.match(line)
        if heading is None:
            lines.append(line)
            continue
        if level:
            yield _section(title, level, lines, known)
        title, level, lines = heading[2], len(heading[1]), []


def _section(title: str, level: int, lines: Sequence[str], known: Counter[str]) -> Section:
    anchor = re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
    known[anchor] += 1
    numbered = f"{anchor}-{known[anchor] - 1}" if known[anchor] > 1 else anchor
    return Section(plain(title), level, numbered, plain("\n".join(lines)))


def plain(markdown: str) -> str:
    """What a reader sees of it, in one line."""
    words = _MARKS.sub(lambda found: found[1] or "", markdown).split()
    return " ".join(word for word in words if not _RULED.fullmatch(word))


def find(pages: Sequence[Page], words: str) -> list[Hit]:
    """The sections in which every word stands, those with most of them in their heading first, those for
    who changes the program last."""
    wanted = words.lower().split()
    if not wanted:
        return []
    found = [
        Hit(page, section, _around(section.text, wanted))
        for page in pages
        for section in page.sections
        if all(word in f"{section.title} {section.text}".lower() for word in wanted)
    ]
    # The pages in groups are for those who change the program.
    return sorted(found, key=lambda hit: (bool(hit.page.group), -_named(hit.section.title, wanted)))


def _named(title: str, words: Sequence[str]) -> int:
    """How many of the words stand in a heading."""
    return sum(word in title.lower() for word in words)


def _around(text: str, words: Sequence[str]) -> str:
    """What stands around the first of the words; the beginning where only the heading has them."""
    low = text.lower()
    places = [place for place in (low.find(word) for word in words) if place >= 0]
    start = max(min(places, default=0) - _AROUND // 2, 0)
    start = text.find(" ", start) + 1 if start else 0
    cut = text[start : start + 2 * _AROUND]
    return f"{'… ' if start else ''}{cut}{' …' if start + 2 * _AROUND < len(text) else ''}"
