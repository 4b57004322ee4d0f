"""Pages lead somewhere: each link of a page in this repository to its files, and each page of the manual from its list."""

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "resources" / "docs"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.*)$", re.MULTILINE)


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *DOCS.glob("*.md")]


def anchors(text: str) -> set[str]:
    """What a heading can be gone to by, as Markdown's readers make it of the words."""
    found: Counter[str] = Counter()
    names = set()
    for heading in HEADING.findall(text):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        names.add(f"{plain}-{found[plain]}" if found[plain] else plain)
        found[plain] += 1
    return names


def broken(page: Path, text: str) -> list[str]:
    """Links of a page that lead nowhere, or out of the manual by a path that its site would not have."""
    wrong = []
    for target in LINK.findall(CODE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        if re.fullmatch(r"only-(light|dark)", anchor) and name.endswith(f"-{anchor[5:]}.png"):
            anchor = ""  # the theme in which a picture is shown
        file = (page.parent / name).resolve() if name else page
        leaves = page.parent == DOCS and file.parent not in (DOCS, DOCS / "pictures")
        there = file.is_file() and (not anchor or anchor in anchors(file.read_text(encoding="utf-8")))
        if leaves or not there:
            wrong.append(f"{page.name}: {target}")
    return wrong


def test_every_link_leads_somewhere() -> None:
    assert [link for page in pages() for link in broken(page, page.read_text(encoding="utf-8"))] == []


def test_a_link_that_leads_nowhere_is_noticed() -> None:
    text = (
        "[a](nowhere.md) [b](predicting.md#no-such-heading) [c](../../README.md) [d](predicting.md) `[e](f)`"
    )
    assert [one.rpartition(" ")[2] for one in broken(DOCS / "index.md", text)] == [
        "nowhere.md", "predicting.md#no-such-heading", "../../README.md"
    ]  # fmt: skip


def test_the_manual_lists_each_page_once() -> None:
    listed: list[str] = []

    def walk(entries: list[object]) -> None:
        for entry in entries:
            for value in entry.values() if isinstance(entry, dict) else [entry]:
                walk(value) if isinstance(value, list) else listed.append(str(value))

    walk(yaml.safe_load((ROOT / "resources" / "manual.yml").read_text(encoding="utf-8"))["nav"])
    assert sorted(listed) == sorted(page.name for page in DOCS.glob("*.md"))


def test_every_picture_is_shown_in_both_themes() -> None:
    shown = {
        target.partition("#")[0].removeprefix("pictures/")
        for page in DOCS.glob("*.md")
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if target.startswith("pictures/")
    }
    there = {file.name for file in (DOCS / "pictures").iterdir()}
    assert shown == there
    names = {name.rpartition("-")[0] for name in there}
    assert there == {f"{name}-{theme}.png" for name in names for theme in ("light", "dark")}
