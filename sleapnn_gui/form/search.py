"""Finding settings and sections by what they are called, what their help says, their YAML key or their choices."""

import difflib
from collections.abc import Callable
from fnmatch import fnmatchcase

import attrs
import yaml

from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.spec import SPEC, Spec
from sleapnn_gui.form.layout import LOADER, Layout, read_layout
from sleapnn_gui.widgets.language import tr


@attrs.frozen
class Hit:
    """One thing that can be found. `place` says where it stands, `words` is all that is searched, in lower case.

    `synonyms` are words of the field for it, of which each may be the whole query.
    """

    path: str
    label: str
    place: str
    words: str
    synonyms: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]


def search_index(spec: Spec = SPEC, *, layout: Layout | None = None) -> list[Hit]:
    """Every edited setting and every section a page is made of, in the form's order."""
    layout = layout or read_layout()
    hits: list[Hit] = []
    for page in layout.pages:
        sections = filter(None, (page.choose, page.switch, *(group.switch for group in page.groups)))
        hits.extend(_section_hit(spec, section, page.label) for section in sections)
        for path in page.keys:
            meta = spec.keys[path].meta
            choices = [f"{choice.value} {tr(choice.label)} {tr(choice.doc)}" for choice in meta.choices]
            around = [
                tr(spec.sections[part].meta.label) for part in spec.ancestors(path) if part in spec.sections
            ]
            place = " › ".join(dict.fromkeys([page.label, *around[2:]]))
            words = [
                tr(meta.label),
                path,
                tr(meta.doc),
                tr(meta.null),
                tr(meta.unit_text),
                page.label,
                *around[1:],
                *choices,
            ]
            hits.append(Hit(path, tr(meta.label), place, " ".join(words).lower()))
    return with_synonyms(hits)


def with_synonyms(hits: list[Hit]) -> list[Hit]:
    """The same, found by the words of `resources/forms/search_words.yaml` too."""
    table, found = read_synonyms(), []
    for hit in hits:
        own = tuple(
            word for pattern, words in table.items() if fnmatchcase(hit.path, pattern) for word in words
        )
        found.append(attrs.evolve(hit, words=" ".join((hit.words, *own)), synonyms=own) if own else hit)
    return found


def read_synonyms() -> dict[str, list[str]]:
    """Words in lower case by the dotted key, section or command that they stand for; * is one name between dots."""
    with resource_path("forms", "search_words.yaml").open(encoding="utf-8") as file:
        table: dict[str, list[str]] = yaml.load(file, Loader=LOADER)
    return {path: [word.lower() for word in words] for path, words in table.items()}


def find(
    hits: list[Hit], query: str, *, limit: int = 30, prefers: Callable[[str], bool] | None = None
) -> list[Hit]:
    """Hits that hold every word of the query, the best first; where none does, those with a similar label.

    Of equally good ones, those whose path `prefers` accepts come first.
    """
    words = query.lower().split()
    if not words:
        return []
    found = [hit for hit in hits if all(word in hit.words for word in words)]
    if not found:
        labels = {hit.label.lower(): hit for hit in hits}
        near = difflib.get_close_matches(query.lower(), labels, n=5, cutoff=0.6)
        return [labels[label] for label in near]
    order = {id(hit): number for number, hit in enumerate(found)}

    def rank(hit: Hit) -> tuple[int, bool, int]:
        later = prefers is not None and not prefers(hit.path)
        return (_distance(hit, query.lower().strip(), words), later, order[id(hit)])

    return sorted(found, key=rank)[:limit]


def _distance(hit: Hit, query: str, words: list[str]) -> int:
    label = hit.label.lower()
    tests = (
        query == hit.path.lower(),
        query == label,
        query == hit.name.lower(),
        query in hit.synonyms,
        label.startswith(query) or hit.name.startswith(query),
        all(word in label for word in words),
        all(word in hit.path.lower() for word in words),
        any(word in label for word in words),
        any(query in synonym for synonym in hit.synonyms),
    )
    return tests.index(True) if True in tests else len(tests)


def _section_hit(spec: Spec, path: str, page: str) -> Hit:
    section = spec.sections[path]
    children = [spec.sections[child].meta for child in section.sections]
    about = [f"{tr(meta.label)} {tr(meta.doc)}" for meta in children]
    names = [spec.sections[child].name for child in section.sections]
    words = [tr(section.meta.label), path, tr(section.meta.doc), tr(section.meta.null), page, *names, *about]
    return Hit(path, tr(section.meta.label), page, " ".join(words).lower())
