"""Ten steps of a config, taken by a process of their own that this one waits for: its peak of memory is then the training's."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sleapnn_engine.config.disk import write_whole
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config, without_secrets
from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.inspect.wanted import Cancelled, require_wanted
from sleapnn_engine.protocol.coach_case import RunCase
from sleapnn_engine.protocol.events import Failed
from sleapnn_engine.protocol.remedies import remedy_of

#: How often it is seen whether the answer is still wanted, and how long the process gets to end by itself, in seconds.
_LOOK, _PATIENCE = 0.1, 5.0


def measure_values(values: Mapping[str, Any], cancelled: Cancelled) -> dict[str, Any]:
    """What `sleapnn-engine measure` says of a config; `failed` where the steps could not be taken.

    Raises UserError for a config that is wrong, and NotWanted.
    """
    with tempfile.TemporaryDirectory(prefix="measured-") as folder:
        config = Path(folder) / "config.yaml"
        write_whole(config, dump_config(without_secrets(dict(values))))
        process = subprocess.Popen(
            [sys.executable, "-m", "sleapnn_engine", "measure", str(config), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            told, complaints = _once_done(process, cancelled)
        finally:
            _end(process)
    try:
        found: dict[str, Any] = from_json(told)
    except ValueError:
        if process.returncode >= 0 and complaints.strip():
            raise UserError(complaints.replace(f"{config}: ", "").strip()) from None
        found = {
            "failed": {"message": "The ten steps ended without a word.", "where": "", "hint": "", "cause": ""}
        }
    if "failed" in found:
        found["failed"] |= _remedy(found["failed"], values, killed=process.returncode < 0)
    return found


def _remedy(failed: Mapping[str, Any], values: Mapping[str, Any], *, killed: bool) -> dict[str, Any]:
    """What helps, in the words and with the change that a run's own failure would have."""
    said = Failed(message=failed["message"], path=failed["where"], hint=failed["hint"], cause=failed["cause"])
    case = RunCase(config=ConfigReader(values), failure=None if killed else said, killed=killed)
    remedy = remedy_of(case)
    if remedy is None:
        return {"fix": None}
    fix = None if remedy.fix is None else {"label": remedy.fix.label, "set": dict(remedy.fix.changes)}
    return {"where": remedy.setting or failed["where"], "hint": remedy.text, "fix": fix}


def _once_done(process: "subprocess.Popen[str]", cancelled: Cancelled) -> tuple[str, str]:
    while True:
        require_wanted(cancelled)
        try:
            return process.communicate(timeout=_LOOK)
        except subprocess.TimeoutExpired:
            continue


def _end(process: "subprocess.Popen[str]") -> None:
    """Nobody waits for it any longer: it may tidy up, and must not stay."""
    if process.poll() is None:
        process.terminate()
        try:
            process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
