"""One way to write a file: `sleapnn_engine/config/disk.py`. Everything else is listed here, with its reason."""

import ast

import pytest

from tests.architecture.sources import product_sources

HOME = "sleapnn_engine/config/disk.py"
#: (file, what it calls) -> why it does not write through `disk`.
EXCEPTIONS = {
    ("sleapnn_engine/protocol/journal.py", "os.open"): "the journal is appended, line by line",
    ("sleapnn_engine/protocol/journal.py", "rename"): "an earlier journal is set aside under a free name",
    ("sleapnn_engine/training/callbacks/csv_log.py", "open"): "one row is appended after each epoch",
    ("sleapnn_engine/training/callbacks/run_log.py", "FileHandler"): "the log is appended, line by line",
    ("sleapnn_engine/training/callbacks/checkpoint.py", "os.link"): "a second name for a file that is there",
    (
        "sleapnn_engine/protocol/terminal.py",
        "os.open",
    ): "the null device, in place of a closed terminal",
    ("sleapnn_engine/commands/watch.py", "os.open"): "the null device, in place of a closed terminal",
    ("sleapnn_engine/training/profiling.py", "export_chrome_trace"): "PyTorch writes its trace by itself",
    ("sleapnn_engine/commands/standby.py", "os.open"): "the output of an engine is appended while it runs",
    (
        "sleapnn_engine/training/artifacts/run_folder.py",
        "touch",
    ): "the log's name claims the folder: of two runs one gets it",
    (
        "sleapnn_engine/data/label_writing.py",
        "save_slp",
    ): "into a temporary folder, from where it is copied whole",
    (
        "sleapnn_engine/evaluation/pose_tables.py",
        "h5py.File",
    ): "into the file of `label_writing`, before it is copied whole",
    ("sleapnn_engine/data/label_packing.py", "save_slp"): "into a folder that is not at its place yet",
    ("sleapnn_engine/data/label_packing.py", "h5py.File"): "the same file, which gets its images",
    ("sleapnn_engine/demo/labels.py", "imwrite"): "into a temporary folder",
    ("sleapnn_engine/demo/labels.py", "save"): "into a temporary folder",
    ("sleapnn_engine/demo/labels.py", "h5py.File"): "into a temporary folder, from where it is copied whole",
    ("sleapnn_gui/document/lock_file.py", "os.open"): "a lock, which has no contents",
    ("sleapnn_gui/shell/faults.py", "open"): "faults are appended to their log",
    ("sleapnn_gui/shell/faults.py", "replace"): "a log that is full is set aside",
    ("sleapnn_gui/run/process.py", "open"): "the engine's output is appended while it runs",
}
#: (file, what it calls) -> why it may make a folder.
FOLDERS = {
    (
        "sleapnn_engine/training/artifacts/run_folder.py",
        "mkdir",
    ): "the run folder; the settings and --run-dir say so",
    ("sleapnn_engine/training/callbacks/preview.py", "mkdir"): "inside the run folder",
    ("sleapnn_engine/data/frames.py", "mkdir"): "the cache of images; its setting says so",
    ("sleapnn_engine/models/download.py", "mkdir"): "PyTorch's own cache",
    ("sleapnn_engine/config/judging.py", "mkdir"): "inside the run folder",
    ("sleapnn_engine/config/chosen_engine.py", "mkdir"): "this program's own folder",
    ("sleapnn_engine/commands/import_legacy.py", "mkdir"): "OUT, where it is to be a folder; --help says so",
    ("sleapnn_engine/export/job_folder.py", "mkdir"): "inside the folder that is asked for",
    ("sleapnn_engine/protocol/kept_frames.py", "mkdir"): "inside the run folder",
    ("sleapnn_gui/demo.py", "mkdir"): "the folder of the demonstration; its help says so",
    ("sleapnn_gui/document/drafts.py", "mkdir"): "this program's own folder",
    ("sleapnn_gui/document/open_files.py", "mkdir"): "this program's own folder",
    ("sleapnn_gui/run/engine_installing.py", "mkdir"): "asked for in the window",
    ("sleapnn_gui/run/queueing.py", "mkdir"): "this program's own folder, beside the queue",
    ("sleapnn_gui/shell/faults.py", "mkdir"): "this program's own folder",
    ("sleapnn_gui/shell/preset_commands.py", "mkdir"): "this program's own folder",
    ("sleapnn_gui/shell/saving.py", "mkdir"): "asked for in the window",
    ("sleapnn_gui/shell/screenshots.py", "mkdir"): "the folder of --screenshots; its help says so",
}
WRITING = {
    "write_text", "write_bytes", "touch", "imwrite", "imwritemulti", "tofile", "savefig", "export_chrome_trace",
    "save_slp", "save_file", "FileHandler", "RotatingFileHandler", "NamedTemporaryFile", "mkstemp", "rename", "renames",
    "symlink_to", "hardlink_to", "QSaveFile", "QFile", "copyfile", "copy2", "copytree", "savetxt", "to_csv", "VideoWriter",
}  # fmt: skip
WITH_A_MODULE = {
    ("os", name) for name in ("open", "fdopen", "replace", "link", "symlink", "truncate", "mkfifo", "mknod")
} | {("shutil", name) for name in ("copy", "move")}
MAKING = {"mkdir", "makedirs"}


def ways(tree: ast.AST) -> set[str]:
    """The names of all calls, and of classes built upon, that may write a file or make a folder."""
    found = {judged(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    bases = [base for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for base in node.bases]
    return (found | {getattr(base, "attr", "") for base in bases} & WRITING) - {""}


def judged(call: ast.Call) -> str:
    """The name of a call that may write, '' of any other."""
    func = call.func
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    owner = func.value if isinstance(func, ast.Attribute) else None
    module = owner.id if isinstance(owner, ast.Name) else ""
    if name in WRITING | MAKING:
        return name
    if (module, name) in WITH_A_MODULE:
        return f"{module}.{name}"
    if name == "File" and mode_of(call, 1) not in ("", "r"):
        return "h5py.File"
    if name == "open" and set(mode_of(call, 0 if owner else 1)) & set("wax+"):
        return "open"
    # `str.replace` takes two words, `Path.replace` one.
    if name == "replace" and owner is not None and len(call.args) + len(call.keywords) == 1:
        return name
    return name if name.startswith("save") and saves(call, module) else ""


def saves(call: ast.Call, owner: str) -> bool:
    """Whether the first argument of `save…` may be a path: anything but what was opened before."""
    first = call.args[0] if owner in ("labels", "pixmap", "picture") and call.args else None
    if owner in ("torch", "np", "cv2"):
        first = call.args[1 if owner == "torch" else 0]
    return first is not None and not (
        isinstance(first, ast.Name) and first.id in ("file", "buffer", "stream")
    )


def mode_of(call: ast.Call, place: int) -> str:
    """The mode that something is opened with, '' where none is said."""
    said = [word.value for word in call.keywords if word.arg == "mode"] or call.args[place : place + 1]
    return str(said[0].value) if said and isinstance(said[0], ast.Constant) else ""


def test_files_are_written_in_one_way_only() -> None:
    found = {
        (source.name, name)
        for source in product_sources()
        if source.name.startswith("sleapnn_") and source.name != HOME
        for name in ways(source.tree)
    }
    assert found == set(EXCEPTIONS) | set(FOLDERS)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("path.open('w')", "open"),
        ("path.open(mode='ab')", "open"),
        ("open(path, 'x')", "open"),
        ("open(path, 'rb')", ""),
        ("path.open('rb')", ""),
        ("path.write_text('a')", "write_text"),
        ("part.replace(path)", "replace"),
        ("text.replace('a', 'b')", ""),
        ("os.replace(a, b)", "os.replace"),
        ("os.open(path, flags)", "os.open"),
        ("h5py.File(path, 'w')", "h5py.File"),
        ("h5py.File(path, 'r')", ""),
        ("torch.save(state, path)", "save"),
        ("torch.save(state, file)", ""),
        ("np.savez(path, a=1)", "savez"),
        ("np.savez_compressed(file, a=1)", ""),
        ("labels.save(str(path))", "save"),
        ("painter.save()", ""),
        ("path.mkdir(parents=True)", "mkdir"),
        ("shutil.copyfile(a, b)", "copyfile"),
        ("tempfile.mkstemp()", "mkstemp"),
    ],
)
def test_writing_is_recognised(code: str, name: str) -> None:
    (call,) = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)][:1]
    assert judged(call) == name
