"""Videos of labels that are missing, and copies of labels that name them where they are now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sleapnn_engine.config.checks.disk import LABELS
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.data.relinking import missing_videos, relink
from sleapnn_engine.inspect.labelled import label_paths
from sleapnn_engine.inspect.wanted import Cancelled, require_wanted


def find_missing(args: Mapping[str, Any], cancelled: Cancelled) -> dict[str, Any]:
    """The answer that `protocol.questions` describes. Raises NotWanted."""
    view, files = ConfigReader(args["values"]), []
    for name in dict.fromkeys(path for key in LABELS for path in label_paths(view, key)):
        require_wanted(cancelled)
        path = Path(name).expanduser()
        if not path.is_file():
            files.append({"file": name, "there": False, "missing": []})
        elif path.suffix.lower() == ".slp":
            try:
                files.append({"file": name, "there": True, "missing": missing_videos(path)})
            except UserError:
                continue  # they are no labels, which is told elsewhere
    return {"files": [one for one in files if one["missing"] or not one["there"]]}


def write_relinked(args: Mapping[str, Any], cancelled: Cancelled) -> dict[str, Any]:
    """The same of the copy. Raises UserError and NotWanted."""
    require_wanted(cancelled)
    made = relink(Path(args["file"]).expanduser(), {one["old"]: Path(one["new"]) for one in args["videos"]})
    return {
        "path": str(made.path),
        "given": {old: str(new) for old, new in made.given.items()},
        "found": {old: str(new) for old, new in made.found.items()},
        "missing": list(made.missing),
    }
