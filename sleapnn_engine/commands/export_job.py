"""`sleapnn-engine export-job CONFIG -o DIR`: a folder that trains on another machine."""

import argparse
import sys
from pathlib import Path

from sleapnn_engine.commands.train import add_job_arguments, read_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.export.launch import Launch, devices_of

DEVICES = "trainer_config.trainer_devices"
INDICES = "trainer_config.trainer_device_indices"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_job_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder to write, a new or an empty one, in a folder that is there",
    )
    parser.add_argument("--slurm", action="store_true", help="also write a script for SLURM's sbatch")
    parser.add_argument(
        "--nodes", type=int, default=1, help="machines that make each step together (default: %(default)s)"
    )
    parser.add_argument("--devices", type=int, help="devices of each machine (default: as the config says)")
    parser.add_argument(
        "--no-images",
        action="store_true",
        help="take labels without their images, where the other machine has the videos",
    )


def run(args: argparse.Namespace) -> int:
    """Write the folder; 0 when it is there, 2 where the config is wrong. Raises UserError for everything else."""
    words = list(args.overrides)
    if args.devices is not None:
        words.append(f"{DEVICES}={args.devices}")
    for name, number in (("--nodes", args.nodes), ("--devices", args.devices)):
        if number is not None and not 1 <= number <= 1024:
            raise UserError(f"This is from 1 to 1024, not {number}.", where=name, usage=True)
    read = read_job(args.config, words)
    if read.job is None:
        return 2
    from sleapnn_engine.export.job_folder import (  # reads labels: slow to import
        export_job,
        require_place,
        summary,
    )

    folder = require_place(args.output)
    launch = _launch(args, read.job)
    contents = export_job(
        read.values,
        read.job,
        folder=folder,
        launch=launch,
        images=not args.no_images,
        base=read.text,
        found=Findings(emit=lambda issue: _print_issue(args.config, issue)),
        told=_show_progress if sys.stderr.isatty() else lambda name, done, total: None,
    )
    print(summary(contents, folder))
    for note in contents.notes:
        print(note)
    print(f"What to do with it is in {folder / 'README.txt'}.")
    return 0


def _launch(args: argparse.Namespace, job: Job) -> Launch:
    """How the job is to be started. Raises UserError (usage) where that is not said, or said twice."""
    listed, devices = job.trainer_config.trainer_device_indices, devices_of(job)
    if listed and (args.slurm or args.devices not in (None, len(listed))):
        other = "SLURM says which devices a job gets" if args.slurm else f"--devices is {args.devices}"
        raise UserError(
            f"{counted(len(listed), 'device')} by number, but {other}.",
            where=INDICES,
            hint="Leave this setting empty, and say with --devices how many there are to be.",
            usage=True,
        )
    if devices is None and (args.slurm or args.nodes > 1):
        raise UserError(
            "How many processes are started on a machine has to be known beforehand.",
            where=DEVICES,
            hint="Say with --devices how many devices one has.",
            usage=True,
        )
    return Launch(
        nodes=args.nodes,
        devices=devices,
        slurm=args.slurm,
        gpus=job.trainer_config.trainer_accelerator != "cpu",
        name=job.trainer_config.run_name or "",
        words=() if args.precision == "auto" else ("--precision", args.precision),
    )


def _print_issue(config: Path, issue: Issue) -> None:
    if issue.severity != "info":
        print(f"{config}: {issue.path}: {issue.severity}: {issue.message}", file=sys.stderr)


def _show_progress(name: str, done: int, total: int) -> None:
    print(
        f"\r{name}: image {done} of {total}", end="\n" if done == total else "", file=sys.stderr, flush=True
    )
