"""Predicting a video beside sleap-nn, whole processes on one machine, and memory over a long video.

`python -m tests.benchmarks.bench_predict [--peer PYTHON] [--frames N] [--long N] [--run DIR...]`. Without `--run`, a
network of usual size that was trained for a moment looks at a drawn video. Each side runs twice, in turn, and the
shorter time counts; both have the same number of threads. `--long` is the number of frames of a video of small pictures
whose prediction is watched for memory that grows: what is held beyond the first thousand frames is told per frame.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import psutil

from tests.benchmarks.side_by_side import ROOT
from tests.engine.training.rendered import draw, job, places, trained, write_labels

MEBI = 2**20
#: Seconds between two looks at the memory of a process.
LOOK = 0.2


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="Python of an environment with sleap-nn")
    parser.add_argument("--frames", type=int, default=1000, help="of the video that both look at")
    parser.add_argument("--size", type=int, default=256, help="side of its pictures")
    parser.add_argument(
        "--long", type=int, default=20_000, help="frames of the video that memory is watched over"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--run", type=Path, action="append", help="run folders of a trained model")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        runs = args.run or [_model(folder, filters=16, deepest=16)]
        if args.frames:
            _compare(folder, runs, args)
        if args.long:
            _watch(folder, _model(folder, filters=4, deepest=8), args)


def _model(folder: Path, *, filters: int, deepest: int) -> Path:
    """The run folder of a model of one animal."""
    own = folder / f"of_{filters}"
    own.mkdir()
    config = job(
        own,
        write_labels(own, frames=24),
        trainer_config__save_ckpt=True,
        trainer_config__train_steps_per_epoch=120,
        trainer_config__optimizer__lr=0.003,
        model_config__backbone_config__unet={"filters": filters, "max_stride": deepest, "output_stride": 2},
    )
    return trained(config)


def _drawn_video(path: Path, *, frames: int, side: int) -> Path:
    """A video of one animal of dots that stands where it stands."""
    pictures = [
        draw(shown[:, :3] + (side - 64) / 2, height=side, width=side, channels=3)
        for shown in places(24, 1, height=64, width=64)
    ]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (side, side))
    for number in range(frames):
        writer.write(np.ascontiguousarray(pictures[number % len(pictures)][..., ::-1]))
    writer.release()
    return path


def _ours(runs: list[Path], video: Path, output: Path, args: argparse.Namespace) -> list[str]:
    command = [sys.executable, "-m", "sleapnn_engine", "predict", *map(str, runs), "--data", str(video)]
    return [*command, "-o", str(output), "--overwrite", "--device", "cpu", "--batch-size", str(args.batch)]


def _theirs(runs: list[Path], video: Path, output: Path, args: argparse.Namespace) -> list[str]:
    command = [str(args.peer.with_name("sleap-nn")), "predict", "--data_path", str(video), "-o", str(output)]
    models = [word for run in runs for word in ("--model_paths", str(run))]
    return [*command, *models, "--device", "cpu", "--batch_size", str(args.batch)]


def _compare(folder: Path, runs: list[Path], args: argparse.Namespace) -> None:
    """One line for each side: seconds of the whole process, and the most memory it took."""
    video = _drawn_video(folder / "video.mp4", frames=args.frames, side=args.size)
    commands = {"ours": _ours(runs, video, folder / "ours.slp", args)}
    if args.peer:
        commands["sleap-nn"] = _theirs(runs, video, folder / "theirs.slp", args)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(2):
        for name, command in commands.items():
            began = time.perf_counter()
            memory = _run(command, threads=args.threads)
            found[name].append((time.perf_counter() - began, max(memory)))
    for name, measured in found.items():
        seconds, most = min(measured)
        print(
            f"{name:9} {args.frames} frames of {args.size} px: {seconds:7.1f} s, {most / MEBI:7.0f} MiB",
            flush=True,
        )
    if len(found) > 1:
        print(f"ratio     {min(found['sleap-nn'])[0] / min(found['ours'])[0]:.2f}", flush=True)


def _watch(folder: Path, run: Path, args: argparse.Namespace) -> None:
    """One line: memory after the first twentieth and at the end of a long video, before it is written."""
    video = _drawn_video(folder / "long.mp4", frames=args.long, side=64)
    began = time.perf_counter()
    memory = _run(_ours([run], video, folder / "long.slp", args), threads=args.threads)
    seconds = time.perf_counter() - began
    early, late = memory[len(memory) // 20 + 10], max(memory)
    print(
        f"ours      {args.long} frames of 64 px: {seconds:.1f} s, {early / MEBI:.0f} MiB after the first twentieth, "
        f"{late / MEBI:.0f} MiB at most: {(late - early) / args.long:.0f} bytes a frame",
        flush=True,
    )


def _run(command: list[str], *, threads: int) -> list[int]:
    """Run a process to its end and give the memory it took, as it was seen from time to time, in bytes."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    seen: list[int] = []

    def look() -> None:
        try:
            watched = psutil.Process(process.pid)
            while process.poll() is None:
                seen.append(watched.memory_info().rss)
                time.sleep(LOOK)
        except psutil.NoSuchProcess:
            return

    looking = threading.Thread(target=look)
    looking.start()
    _, said = process.communicate()
    looking.join()
    if process.returncode:
        sys.exit(f"{' '.join(command)}\n{said[-4000:]}")
    return seen


if __name__ == "__main__":
    main()
