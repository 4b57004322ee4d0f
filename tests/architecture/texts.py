"""The texts of the window, as its code and the files it shows have them; run with a catalogue's name to bring that up to date."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import attrs
import yaml

from sleapnn_engine.config.model_types import HEADS
from sleapnn_engine.config.pairs import WORDS
from sleapnn_engine.config.predict_options import OPTIONS
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.protocol.measures import MEASURES
from sleapnn_gui.monitor.run_axis import X
from sleapnn_gui.widgets.language import CATALOGUE, CONTEXT
from tests.architecture.sources import product_sources

#: What a record does with its texts itself: the places of those that it puts through `tr` when it is made.
RECORDS = {"Command": {1: "text", 3: "help", 4: "menu"}}
OF_RECORDS = {"text", "help", "menu", "under_way", "over"}


@attrs.frozen
class Text:
    """One text to translate, and where it stands; `is_counted`: it begins with a number and has a form for several."""

    source: str
    place: str
    is_counted: bool = False


@cache
def texts() -> dict[str, Text]:
    """Every text by what it says in English, in the order of the files."""
    found: dict[str, Text] = {}
    for text in (*_of_code(), *_of_settings(), *_of_files()):
        if any(letter.isalpha() for letter in text.source):
            found.setdefault(text.source, text)
    return found


def _of_code() -> Iterator[Text]:
    for source in product_sources():
        if not source.name.startswith("sleapnn_gui/"):
            continue
        for node in source.nodes:
            if isinstance(node, ast.Call):
                place = f"{source.name}:{node.lineno}"
                yield from (Text(text, place, counted) for text, counted in _of_call(node))


def _of_call(call: ast.Call) -> Iterator[tuple[str, bool]]:
    called = name_of(call.func)
    if called == "tr" and call.args and (said := _plain(call.args[0])):
        yield said, False
    elif called == "counted" and len(call.args) > 1 and (said := _plain(call.args[1])):
        yield f"%n {said}", True
    elif called in RECORDS:
        given = {name: call.args[place] for place, name in RECORDS[called].items() if place < len(call.args)}
        given |= {word.arg: word.value for word in call.keywords if word.arg in OF_RECORDS}
        yield from ((said, False) for node in given.values() if (said := _plain(node)))


def name_of(called: ast.expr) -> str:
    """The last name of what is called."""
    return (
        called.attr
        if isinstance(called, ast.Attribute)
        else called.id
        if isinstance(called, ast.Name)
        else ""
    )


def _plain(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _of_settings() -> Iterator[Text]:
    for path, entry in {**SPEC.sections, **SPEC.keys}.items():
        meta = entry.meta
        said = [meta.label, meta.doc, meta.null]
        said += [getattr(meta, name, "") for name in ("null_label", "unit_text", "placeholder", "source")]
        for choice in getattr(meta, "choices", ()):
            said += [choice.label, choice.doc]
        yield from (Text(one, path) for one in said)
    for measure in MEASURES:
        said = [
            measure.caption,
            measure.brief,
            measure.help,
            measure.heading,
            measure.heading_help,
            measure.view,
        ]
        said += [measure.line.name] if measure.line is not None else []
        yield from (Text(one, measure.key) for one in said)
    for option in OPTIONS:
        said = [option.label, option.help, option.absent, option.group.value]
        said += [option.choice_words.get(choice, choice) for choice in option.choices]
        yield from (Text(one, option.flag) for one in said)
    yield from (Text(x.value, "what curves are drawn over") for x in X)
    yield from (Text(word, "the models of a pair") for word in WORDS.values())
    yield from (Text(head.words, "what a head makes") for head in HEADS.values())


def _of_files() -> Iterator[Text]:
    layout = yaml.safe_load(resource_path("forms", "layout.yaml").read_text(encoding="utf-8"))
    for rail in layout["rails"]:
        yield Text(rail["label"], "forms/layout.yaml")
        for page in rail["pages"]:
            said = [page["label"], page["doc"], page.get("none", "")]
            said += [group["caption"] for group in page["groups"]]
            yield from (Text(one, "forms/layout.yaml") for one in said)
    for preset in list_presets():
        yield from (Text(one, preset.file) for one in (preset.title, preset.purpose, preset.note))


def catalogue(language: str, known: str = "") -> str:
    """A catalogue as Qt Linguist reads it, for a language (`de`).

    Of `known`, an older one, all translations stay; those of texts that there are no more are marked as vanished.
    """
    older = {}
    for message in ElementTree.fromstring(known).iter("message") if known else ():
        translation = message.find("translation")
        if translation is not None and "".join(translation.itertext()).strip():
            older[message.findtext("source", "")] = message
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ElementTree.SubElement(root, "context")
    ElementTree.SubElement(context, "name").text = CONTEXT
    for text in texts().values():
        message = ElementTree.SubElement(context, "message", numerus="yes" if text.is_counted else "no")
        ElementTree.SubElement(message, "source").text = text.source
        ElementTree.SubElement(message, "extracomment").text = text.place
        done = older.pop(text.source, None)
        translation = ElementTree.Element("translation", type="unfinished") if done is None else done[-1]
        if translation.get("type") == "vanished":
            del translation.attrib["type"]
        message.append(translation)
    for message in older.values():
        message[-1].set("type", "vanished")
        context.append(message)
    ElementTree.indent(root)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
        + ElementTree.tostring(root, "unicode")
        + "\n"
    )


def main(path: Path) -> None:
    """Write the catalogue, which is called like `sleapnn_gui_de.ts`; what is translated in it stays."""
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(catalogue(path.stem.removeprefix(f"{CATALOGUE}_"), known), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
