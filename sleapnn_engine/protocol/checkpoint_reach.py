"""How far the training was whose state a checkpoint file holds, read without torch and without building what is in it."""

import pickletools
import zipfile
from pathlib import Path

from sleapnn_engine.protocol.counting import Reach, epoch_number

#: The part of the file that says everything but the numbers of tensors; a thousand tensors take a third of a megabyte.
_MOST_BYTES = 32 * 2**20
_SKIPPED = ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE", "FRAME")
_EPOCH, _NEXT, _STEPS = "epoch", "next_epoch", "next_batch"


def checkpoint_reach(path: Path) -> Reach | None:
    """Epochs and steps done before the file was written; None for a file that does not say, or is none of torch.

    Files of other programs name the epoch they were written in, which counts as done.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info for info in archive.infolist() if info.filename.endswith("/data.pkl")]
            if len(names) != 1 or names[0].file_size > _MOST_BYTES:
                return None
            said = _counts(archive.read(names[0]))
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return None
    if _NEXT in said:
        return Reach(said[_NEXT], said.get(_STEPS, 0))
    return Reach(epoch_number(said[_EPOCH])) if _EPOCH in said else None


def _counts(pickle: bytes) -> dict[str, int]:
    """The first whole number that follows each of the names looked for; the pickle is walked through, never loaded."""
    found: dict[str, int] = {}
    name = ""
    for code, value, _ in pickletools.genops(pickle):
        if code.name in _SKIPPED:
            continue
        if name and type(value) is int and value >= 0:
            found.setdefault(name, value)
        name = value if isinstance(value, str) and value in (_EPOCH, _NEXT, _STEPS) else ""
    return found
