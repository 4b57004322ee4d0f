"""`sleapnn-engine import-legacy FILE|FOLDER -o OUT`: SLEAP ≤ 1.4 JSON to configs, with a report."""

import argparse
import sys
from os.path import exists, isdir, isfile  # unlike those of Path, they never fail
from pathlib import Path

from sleapnn_engine.config.disk import reason_of, writable_target
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config, read_text, save_text
from sleapnn_engine.config.legacy.conversion import LegacyImport, import_legacy, is_legacy
from sleapnn_engine.config.validate import errors, validate

_TRAINED, _INITIAL = "training_config.json", "initial_config.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        type=Path,
        metavar="FILE|FOLDER",
        help="a SLEAP JSON file, a model folder (its training_config.json is read), or a folder of either",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="YAML file to write, into a folder that is there; for several files, or a model folder, a folder, "
        "which is made if it is not",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="also write the whole report as text")
    parser.add_argument(
        "--reset-resolved",
        action="store_true",
        help="leave out what SLEAP resolved from its data: part names, edges, classes, crop size, steps, skeletons",
    )
    parser.add_argument(
        "--closest-unet", action="store_true", help="replace another backbone by the closest UNet"
    )
    parser.add_argument(
        "--force", action="store_true", help="replace files that exist; the old ones stay as NAME.bak"
    )


def run(args: argparse.Namespace) -> int:
    jobs = _jobs(args.source, args.output)
    targets = [target for _, target in jobs] + ([args.report] if args.report else [])
    _refuse_to_overwrite(targets, force=args.force)
    folder = args.output if jobs[0][1].parent == args.output else None
    _require_places(targets, folder=folder)
    done: list[tuple[Path, LegacyImport]] = []
    problems: list[UserError] = []
    for file, target in jobs:
        try:
            done.append((target, _import(file, args)))
        except UserError as problem:
            if len(jobs) == 1:
                raise
            problems.append(problem)
    if folder is not None and done:
        folder.mkdir(exist_ok=True)
    _write(done, args.report)
    for target, result in done:
        _print_summary(target, result)
    if args.report and done:
        print(f"report: {args.report}")
    for refused in problems:
        print(refused, file=sys.stderr)
    if problems:
        return 1 if done else 2
    return 0


def _write(done: list[tuple[Path, LegacyImport]], report: Path | None) -> None:
    """All files, before a word is printed: whoever reads the output may stop reading."""
    for target, result in done:
        save_text(target, dump_config(result.values))
    if report and done:
        save_text(report, "\n".join(result.report.to_text() for _, result in done))


def _import(file: Path, args: argparse.Namespace) -> LegacyImport:
    return import_legacy(
        read_text(file), source=file, reset_resolved=args.reset_resolved, closest_unet=args.closest_unet
    )


def _jobs(source: Path, output: Path) -> list[tuple[Path, Path]]:
    """(legacy file, YAML file to write) pairs. Raises UserError (usage) where there is nothing to import."""
    if not isdir(source):
        return [(source, output / f"{source.stem}.yaml" if isdir(output) else output)]
    model = _model_file(source)
    if model:
        into = isdir(output) or output.suffix.lower() not in (".yaml", ".yml")
        return [(model, output / f"{source.resolve().name}.yaml" if into else output)]
    jobs = [
        (file, output / f"{file.stem}.yaml")
        for file in sorted(source.glob("*.json"))
        if _is_legacy_file(file)
    ]
    for folder in sorted(child for child in source.iterdir() if child.is_dir()):
        file = _model_file(folder)
        if file:
            jobs.append((file, output / f"{folder.name}.yaml"))
    if not jobs:
        raise UserError(
            "The folder holds no SLEAP training file.",
            where=str(source),
            hint=f"Choose a model folder with {_TRAINED}, or a folder of SLEAP JSON files.",
            usage=True,
        )
    if isfile(output) or output.suffix.lower() in (".yaml", ".yml"):
        raise UserError(
            f"{len(jobs)} files are to be imported, so the output must be a folder.",
            where=str(output),
            usage=True,
        )
    return jobs


def _model_file(folder: Path) -> Path | None:
    """The resolved file of a SLEAP model folder, else the one it started from."""
    return next((folder / name for name in (_TRAINED, _INITIAL) if (folder / name).is_file()), None)


def _is_legacy_file(file: Path) -> bool:
    try:
        return is_legacy(read_text(file))
    except UserError:
        return False


def _require_places(targets: list[Path], *, folder: Path | None) -> None:
    """Say of every file that cannot be written why, before anything is. `folder` is made where only it is missing."""
    wrong = []
    for target in targets:
        new = folder is not None and target.parent == folder and not folder.exists()
        try:
            writable_target(folder if new and folder else target)
        except OSError as problem:
            wrong.append(f"{target}: {reason_of(problem)}")
    if wrong:
        raise UserError(
            f"Nothing was imported, because what it comes to cannot be written ({'; '.join(wrong)}).",
            hint="Choose other places; the only folder that is made is OUT itself.",
            usage=True,
        )


def _refuse_to_overwrite(targets: list[Path], *, force: bool) -> None:
    twice = sorted({str(target) for target in targets if targets.count(target) > 1})
    if twice:
        raise UserError("Two results would be written to the same file.", where=", ".join(twice), usage=True)
    there = [str(target) for target in targets if exists(target)]
    if there and not force:
        raise UserError(
            "The file exists already." if len(there) == 1 else "The files exist already.",
            where=", ".join(there),
            hint="Choose another name, or add --force to replace it.",
            usage=True,
        )


def _print_summary(target: Path, result: LegacyImport) -> None:
    print(f"{target}: {result.report.summary}")
    for row in result.report.of("warning"):
        print(f"  warning: {row.text}")
        print(f"      {row.reason}")
    for issue in errors(validate(result.values)):
        print(f"  to do: {issue.path}: {issue.message}")
    if result.trained and result.resolved:
        names = ", ".join(path.rpartition(".")[2] for path in result.resolved)
        print(f"  Kept from the data SLEAP trained on: {names}. Add --reset-resolved to train on other data.")
