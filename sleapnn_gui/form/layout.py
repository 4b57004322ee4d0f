"""The authored order of the form: pages, groups and captions, read from `resources/forms/layout.yaml`."""

from collections import Counter
from typing import Any

import attrs
import yaml

from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.widgets.language import tr

#: The fast reader of YAML, where there is one.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@attrs.frozen
class Group:
    """Rows under one caption. `switch` is an optional section its header turns on and off; the group is shown
    only while the section `under` is in use."""

    caption: str
    keys: tuple[str, ...]
    switch: str = ""
    under: str = ""


@attrs.frozen
class Page:
    """One entry of the section list. `choose` is a one-of section shown as cards, `none` the card for none of it."""

    id: str
    rail: str
    label: str
    doc: str
    groups: tuple[Group, ...]
    switch: str = ""
    choose: str = ""
    none: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for group in self.groups for key in group.keys)


@attrs.frozen
class Layout:
    """All pages in order."""

    pages: tuple[Page, ...]
    _places: dict[str, Page] = attrs.field(init=False, eq=False, repr=False)

    @_places.default
    def _find_places(self) -> dict[str, Page]:
        """By key and section: the page with its own row or control, else the one with most of the keys in it."""
        places: dict[str, Page] = {}
        counts: Counter[tuple[str, int]] = Counter()
        for number, page in enumerate(self.pages):
            own = [
                page.choose,
                page.switch,
                *(part for group in page.groups for part in (group.switch, group.under)),
            ]
            for path in (*page.keys, *own):
                places.setdefault(path, page)
            counts.update((section, number) for key in page.keys for section in SPEC.ancestors(key))
        for (section, number), _ in counts.most_common():
            places.setdefault(section, self.pages[number])
        return places

    def page_of(self, path: str) -> Page | None:
        """The page that shows a key or section: its own row, else the page with most of the keys around it."""
        while path:
            if path in self._places:
                return self._places[path]
            path = path.rpartition(".")[0]
        return None


def read_layout() -> Layout:
    """Read the layout file."""
    with resource_path("forms", "layout.yaml").open(encoding="utf-8") as file:
        table: dict[str, Any] = yaml.load(file, Loader=LOADER)
    return Layout(tuple(_page(tr(rail["label"]), page) for rail in table["rails"] for page in rail["pages"]))


def _page(rail: str, said: dict[str, Any]) -> Page:
    return Page(
        id=said["id"],
        rail=rail,
        label=tr(said["label"]),
        doc=tr(said["doc"]),
        groups=tuple(_group(group) for group in said["groups"]),
        switch=said.get("switch", ""),
        choose=said.get("choose", ""),
        none=tr(said.get("none", "")),
    )


def _group(said: dict[str, Any]) -> Group:
    section = said.get("in", "")
    prefix = f"{section}." if section else ""
    return Group(
        caption=tr(said["caption"]),
        keys=tuple(prefix + name for name in said["keys"]),
        switch=said.get("switch", ""),
        under=said.get("under", ""),
    )
