"""Files are data: nowhere in the product is anything unpickled, but by a reader that looks up plain containers and tensors."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import product_sources

#: (file, what it says) -> why it carries out nothing.
EXCEPTIONS = {
    (
        "sleapnn_engine/models/plain_pickle.py",
        "weights_only=False",
    ): "with an unpickler that takes nothing else",
    ("sleapnn_gui/shell/loading.py", "exec"): "the beginning of an installed package, as an import does",
}
#: Readers that make whatever a file asks for, and functions that run what it says.
LOADERS = {"Loader", "CLoader", "FullLoader", "UnsafeLoader", "full_load", "unsafe_load", "full_load_all"}
CALLS = {
    "eval",
    "exec",
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "torch.jit.load",
    "torch.hub.load",
}
CARRYING_OUT = {"joblib", "dill", "cloudpickle", "shelve", "marshal", "jsonpickle"}


def ways(tree: ast.AST) -> Iterator[str]:
    """What a file says by which something in another file might be carried out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.partition(".")[0] in CARRYING_OUT)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in CARRYING_OUT:
            yield str(node.module)
        elif isinstance(node, ast.Attribute) and node.attr in LOADERS and ast.unparse(node.value) == "yaml":
            yield ast.unparse(node)
        elif isinstance(node, ast.Call):
            yield from judged(node)


def judged(call: ast.Call) -> Iterator[str]:
    """What a call says to the same end."""
    name = ast.unparse(call.func)
    said = {word.arg: ast.unparse(word.value) for word in call.keywords}
    if name in CALLS:
        yield name
    if said.get("typ") == "'unsafe'":
        yield "typ=unsafe"
    if said.get("allow_pickle", "False") != "False":
        yield f"allow_pickle={said['allow_pickle']}"
    if name == "torch.load" and said.get("weights_only") != "True":
        yield f"weights_only={said.get('weights_only')}"


def test_nothing_is_unpickled() -> None:
    found = {(source.name, way) for source in product_sources() for way in ways(source.tree)}
    assert found == set(EXCEPTIONS)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("np.load(path, allow_pickle=True)", ["allow_pickle=True"]),
        ("np.load(path, allow_pickle=False)", []),
        ("torch.load(path)", ["weights_only=None"]),
        ("torch.load(path, weights_only=True)", []),
        ("pickle.loads(text)", ["pickle.loads"]),
        ("pickletools.genops(text)", []),
        ("yaml.load(text, Loader=yaml.UnsafeLoader)", ["yaml.UnsafeLoader"]),
        ("yaml.load(text, Loader=yaml.SafeLoader)", []),
        ("YAML(typ='unsafe')", ["typ=unsafe"]),
        ("eval(text)", ["eval"]),
        ("model.eval()", []),
        ("from joblib import load", ["joblib"]),
        ("import dill.source", ["dill.source"]),
    ],
)
def test_what_carries_out_is_recognised(code: str, said: list[str]) -> None:
    assert list(ways(ast.parse(code))) == said


def test_json_is_read_in_one_place() -> None:
    """What is nested too deep is no ValueError in Python's own reader, and would end who reads it."""
    found = {
        source.name
        for source in product_sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and not source.name.startswith("installer")  # it reads what it wrote, with nothing installed
        and ast.unparse(node.func) in ("json.loads", "json.load")
    }
    assert found == {"sleapnn_engine/config/plain_json.py"}
