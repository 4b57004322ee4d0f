"""What a training step costs beside a bare PyTorch loop, and how soon after the start the first step is done.

Run it on a quiet machine: `python -m tests.benchmarks.bench_training_step [--steps N] [--pairs N] [--starts N]`. It
trains the medium-field single-animal preset on the 32-node fly. Compare the ratios between machines, not the
milliseconds. Machines with neighbours drift by a tenth from one second to the next, so the loops take turns, each time
in a process of its own, and the ratio is that of the medians over all turns.
"""

import argparse
import io
import itertools
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.heads.maps import MapHead
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.models.unet import UNet, UNetShape
from sleapnn_engine.training.run import train

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "fly32_single"
PRESET = resource_path("presets", "config_single_instance_unet_medium_rf.yaml")
WARM_UP = 5


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40, help="steps of each loop and turn")
    parser.add_argument("--pairs", type=int, default=5, help="turns of each loop")
    parser.add_argument(
        "--starts", type=int, default=3, help="processes started for the time to the first step"
    )
    args = parser.parse_args()
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
    plain = statistics.median(apart("plain", "32", args.steps))
    print(f"{'bare loop, float32, as it comes':34}{plain * 1e3:8.1f} ms a step")
    for precision in ("32", "bf16"):
        turns: dict[str, list[float]] = {"bare": [], "own": []}
        for turn in range(2 * args.pairs):
            which = "bare" if turn % 4 in (0, 3) else "own"
            turns[which] += apart(which, precision, args.steps)
        bare, own = (statistics.median(turns[which]) for which in ("bare", "own"))
        print(f"{'bare loop, tuned, ' + precision:34}{bare * 1e3:8.1f} ms a step")
        print(
            f"{'ours, ' + precision:34}{own * 1e3:8.1f} ms a step {1 / own:6.2f} steps/s"
            f"   {own / plain:.3f} of bare, {own / bare:.3f} of tuned",
            flush=True,
        )
    for name, seconds in first_step(args.starts).items():
        print(f"{name:34}{seconds:8.2f} s")


def apart(which: str, precision: str, steps: int) -> list[float]:
    """The seconds of every step of one loop in a new process, warm-up left out: plain or tuned (bare), or ours."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
        if which == "own":
            return alone.submit(own_steps, steps, precision=precision).result()
        tuned, bf16 = which == "bare", precision == "bf16"
        return alone.submit(bare_steps, steps, tuned=tuned, bf16=bf16).result()


def job_values(folder: Path, *, steps: int) -> dict[str, Any]:
    """The preset on the flies, one short epoch, nothing saved, images varied as the preset says."""
    values = read_config(PRESET).values
    settings = {
        "data_config.train_labels_path": [str(DATA / "train.pkg.slp")],
        "data_config.val_labels_path": [str(DATA / "val.pkg.slp")],
        "data_config.data_pipeline_fw": "torch_dataset_cache_img_memory",
        "trainer_config.train_steps_per_epoch": steps,
        "trainer_config.max_epochs": 1,
        "trainer_config.seed": 0,
        "trainer_config.save_ckpt": False,
        "trainer_config.visualize_preds_during_training": False,
        "trainer_config.ckpt_dir": str(folder),
        "trainer_config.run_name": "run",
        "trainer_config.zmq.publish_port": None,
        "trainer_config.zmq.controller_port": None,
    }
    for path, value in settings.items():
        tree.put(values, path, value)
    return values


def preset_model() -> tuple[PoseModel, int, int]:
    """The preset's network, its batch size and its output stride."""
    job = build_job(job_values(Path(), steps=1))
    unet, head = job.model_config.backbone_config.unet, job.model_config.head_configs.single_instance
    assert unet is not None
    assert head is not None
    stride = head.confmaps.output_stride
    shape = UNetShape(
        filters=unet.filters, filters_rate=unet.filters_rate, max_stride=unet.max_stride, output_stride=stride
    )
    model = PoseModel(UNet(shape), [MapHead(name="SingleInstanceConfmapsHead", channels=32, stride=stride)])
    return model, job.trainer_config.train_data_loader.batch_size, stride


def bare_steps(steps: int, *, tuned: bool, bf16: bool) -> list[float]:
    """Seconds of the steps of the shortest loop PyTorch allows: one batch in memory, its targets ready.

    `tuned`: with the memory layout and the optimizer that our trainings use.
    """
    model, size, stride = preset_model()
    layout = torch.channels_last if tuned else torch.contiguous_format
    model = model.to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=tuned)
    images = torch.rand(size, 1, 192, 192).contiguous(memory_format=layout)
    target = torch.rand(size, 32, 192 // stride, 192 // stride)
    times = []
    for _ in range(steps + WARM_UP):
        began = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            output = model(images)["SingleInstanceConfmapsHead"]
        loss = functional.mse_loss(output, target)
        loss.backward()
        loss.item()
        optimizer.step()
        times.append(time.perf_counter() - began)
    return times[WARM_UP:]


def own_steps(steps: int, *, precision: str) -> list[float]:
    """Seconds from one `batch_end` to the next in a real run: data, augmentation, targets, step and journal."""
    with tempfile.TemporaryDirectory() as folder:
        values = job_values(Path(folder), steps=steps + WARM_UP)
        train(build_job(values), precision=precision, stream=io.StringIO())
        ends = [event["t"] for event in journal(Path(folder) / "run") if event["kind"] == "batch_end"]
    return [b - a for a, b in itertools.pairwise(ends[WARM_UP:])]


def first_step(starts: int) -> dict[str, float]:
    """Medians, over several processes, of what passes between starting `train` and the end of its first step."""
    runs = [_pieces() for _ in range(starts)]
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _pieces() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "job.yaml"
        config.write_text(dump_config(job_values(Path(folder), steps=1)), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        blank = time.time()
        subprocess.run([sys.executable, "-c", "pass"], check=True, env=environment)
        blank = time.time() - blank
        began = time.time()
        command = [sys.executable, "-m", "sleapnn_engine", "train", str(config)]
        subprocess.run(command, check=True, env=environment, capture_output=True)
        events = journal(Path(folder) / "run")
    phases = {e["body"]["name"]: e for e in events if e["kind"] == "phase" and e["body"]["state"] == "done"}
    pieces = {"process start": blank, "imports and checks": events[0]["t"] - began - blank}
    pieces |= {
        name: phases[name]["body"]["seconds"] for name in ("labels", "split", "cache", "model", "first_batch")
    }
    return {**pieces, "start to first step, in all": phases["first_batch"]["t"] - began}


def journal(run: Path) -> list[dict[str, Any]]:
    """The events of a run."""
    return [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
