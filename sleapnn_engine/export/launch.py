"""The texts of an exported job: scripts that start it, what it needs, and what to do with it."""

import re
import shlex
from collections.abc import Sequence

import attrs

from sleapnn_engine.config.installed import installed_versions
from sleapnn_engine.config.schema.job import Job

CONFIG, RUN, BATCH = "config.yaml", "run.sh", "job.sbatch"
REQUIREMENTS, README = "requirements.txt", "README.txt"
_MAIN_HOST = "MAIN_HOST"
_PORT = 29500
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


@attrs.frozen(kw_only=True)
class Launch:
    """How a job is started: on how many machines, with how many processes on each, and by whom.

    `devices` is None where the config alone says it, which needs one machine and no SLURM. `gpus` asks SLURM for one
    for each process. `words` go on to `train` after the config.
    """

    nodes: int = 1
    devices: int | None = None
    slurm: bool = False
    gpus: bool = True
    name: str = ""
    words: tuple[str, ...] = ()


def devices_of(job: Job) -> int | None:
    """How many processes the config asks for on one machine; None where that depends on the machine."""
    trainer = job.trainer_config
    if trainer.trainer_device_indices:
        return len(trainer.trainer_device_indices)
    if trainer.trainer_devices in (None, "auto"):
        return 1 if trainer.trainer_devices is None else None
    return int(trainer.trainer_devices)


def run_script(launch: Launch) -> str:
    """`run.sh`: trains where it lies. On several machines without SLURM, it is started on each of them."""
    train = ["-m", "sleapnn_engine", "train", CONFIG, *launch.words]
    lines = [
        "#!/bin/sh",
        f"# Trains {CONFIG} of this folder. Further words go on to the training: sh {RUN} trainer_config.max_epochs=20",
        "set -eu",
        "case $0 in",
        "  */*) CDPATH='' cd -- \"${0%/*}/\" ;;",
        "esac",
        "# The Python that has sleapnn-gui: PYTHON where it is set, else that of an environment in this folder.",
        'if [ -z "${PYTHON:-}" ]; then',
        "  PYTHON=python3",
        "  if [ -x .venv/bin/python ]; then PYTHON=.venv/bin/python; fi",
        "fi",
    ]
    if launch.nodes > 1 and not launch.slurm:
        lines += [
            f"# {launch.nodes} machines make each step together: start this script on each of them.",
            f'if [ -z "${{{_MAIN_HOST}:-}}" ]; then',
            f'  echo "Set {_MAIN_HOST} to the name of the first machine, the same on all of them." >&2',
            "  exit 2",
            "fi",
        ]
        torchrun = ["-m", "torch.distributed.run", "--nnodes", str(launch.nodes)]
        torchrun += ["--nproc-per-node", str(launch.devices), "--rdzv-backend", "c10d", "--rdzv-endpoint"]
        command = f'{shlex.join(torchrun)} "${_MAIN_HOST}:{_PORT}" {shlex.join(train)}'
    else:
        command = shlex.join(train)
    return "\n".join([*lines, f'exec "$PYTHON" {command} "$@"', ""])


def batch_script(launch: Launch) -> str:
    """`job.sbatch`: has SLURM start `run.sh` once for each process."""
    name = _NOT_IN_NAMES.sub("_", launch.name).strip("_")
    asked = {
        # Tools take a job named `bash` or `interactive` for a person at a terminal.
        "job-name": f"sleapnn-{name}" if name else "sleapnn",
        "nodes": launch.nodes,
        "ntasks-per-node": launch.devices or 1,
        "cpus-per-task": 4,
        **({"gres": f"gpu:{launch.devices or 1}"} if launch.gpus else {}),
    }
    lines = [
        "#!/bin/sh",
        *(f"#SBATCH --{key}={value}" for key, value in asked.items()),
        "# A cluster may ask for more, as a partition, an account or a time limit: add such lines above this one.",
        "set -eu",
        'cd -- "${SLURM_SUBMIT_DIR:-.}"',
        f"if [ ! -f {RUN} ]; then",
        f'  echo "Submit this from its own folder: cd FOLDER, then sbatch {BATCH}." >&2',
        "  exit 2",
        "fi",
        f'exec srun sh {RUN} "$@"',
        "",
    ]
    return "\n".join(lines)


def requirements() -> str:
    """`requirements.txt`: this program and what its engine needs, in the versions that are installed here."""
    lines = ["# What made this job, version by version. Another build of the same version does as well."]
    for name, version in installed_versions(extra="engine").items():
        public, _, build = version.partition("+")
        note = f"  # here the build {build}" if build else ""
        lines.append(f"{name}=={public}{note}" if version else f"# {name} was not installed here")
    if len(lines) == 1:
        lines.append("# sleapnn-gui was used from a folder of its sources, so its version is not known.")
    return "\n".join([*lines, ""])


def readme(launch: Launch, *, notes: Sequence[str]) -> str:
    """`README.txt`: what to do, and what to know of this job."""
    if launch.slurm:
        start = f"Submit it from this folder: sbatch {BATCH}. The lines that begin with #SBATCH say what it asks the cluster for."
    elif launch.nodes > 1:
        start = (
            f"Copy the folder to {launch.nodes} machines, or to a disk that they share, and on each of them run: "
            f"{_MAIN_HOST}=NAME sh {RUN}, where NAME is that of the first machine, which the others have to reach at port "
            f"{_PORT}. The run is written on one of them."
        )
    else:
        start = f"Run: sh {RUN}."
    paragraphs = [
        "A training job for sleapnn-gui: a config, its labels, and all that it needs besides.",
        "1. Copy this folder to the machine that is to train. It may have any name and place there.",
        "2. Install sleapnn-gui with its engine on that machine, then the versions this job was made with: "
        f"pip install -r {REQUIREMENTS}. Where an environment in this folder, .venv, has them, it is used; otherwise "
        "PYTHON names the Python to use, python3 by default.",
        f"3. {start}",
        f"Relative paths in {CONFIG} count from this folder. Follow the training with: "
        "python3 -m sleapnn_engine watch RUN_FOLDER.",
        *notes,
    ]
    return "\n\n".join([*paragraphs, ""])[:-1]
