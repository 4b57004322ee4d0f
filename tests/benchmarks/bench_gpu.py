"""What the engine makes of a graphics card: samples a second beside a bare loop and sleap-nn, how busy the card is.

`python -m tests.benchmarks.bench_gpu [--device cuda|cpu] [--quick] [--minutes N] [--peer PYTHON]` takes less than five
minutes on one card and needs no data: it draws its labels. For the medium-field presets it prints, by batch size and
number format: samples a second of our loop (data, augmentation, targets, step) and of a bare loop with the same network
on one batch that stays on the card; the share of time in which the card computes; waits for the card in a step; peak
memory; seconds to the end of the first step. Beneath, where in the code our loop waits for the card. `--device cpu
--quick` tries the script without a card; its figures mean nothing.
"""

import argparse
import collections
import contextlib
import io
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import torch

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.demo.labels import write_demo_labels
from sleapnn_engine.training import run as engine
from sleapnn_engine.training.loop import training_step
from sleapnn_engine.training.losses import total_loss
from sleapnn_engine.training.state import Training
from tests.benchmarks.side_by_side import ROOT, ask_peer, put_all, run_settings, write

#: Preset -> animals on each picture of its labels.
PRESETS = {
    "single_instance_unet_medium_rf": 1,
    "bottomup_unet_medium_rf": 2,
    "topdown_centered_instance_unet_medium_rf": 2,
}
BATCHES = (4, 16, 64)
FORMATS = ("32", "bf16", "compiled")
_COLUMNS = ("samples/s", "bare", "of bare", "busy", "waits", "peak MB", "first step")


@attrs.frozen(kw_only=True)
class Plan:
    """How much is measured, on what."""

    device: str
    steps: int
    warm_up: int
    until: float


@attrs.define(kw_only=True)
class Case:
    """One training: what it is to be, and what came of it. Times in seconds, `peak` in bytes, `busy` a share."""

    preset: str
    batch: int
    form: str
    began: float = 0.0
    samples: int = 0
    first: float = 0.0
    own: float = 0.0
    bare: float = 0.0
    busy: float | None = None
    peak: int | None = None
    waits: dict[str, int] = attrs.field(factory=dict)
    failed: str = ""

    def row(self) -> str:
        """Its line of the table."""
        name = f"{self.preset.removesuffix('_unet_medium_rf'):28}{self.batch:5} {self.form:9}"
        if self.failed:
            return f"{name} {self.failed}"
        cells = [
            f"{self.samples / self.own:.0f}",
            f"{self.samples / self.bare:.0f}",
            f"{self.bare / self.own:.2f}",
            "–" if self.busy is None else f"{self.busy:.0%}",
            str(sum(self.waits.values())) if self.peak is not None else "–",
            "–" if self.peak is None else f"{self.peak / 1e6:.0f}",
            f"{self.first:.1f} s",
        ]
        return name + "".join(f"{cell:>11}" for cell in cells)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true", help="small pictures, few steps, the smallest batch")
    parser.add_argument("--minutes", type=float, default=4.5, help="no new training begins after this time")
    parser.add_argument("--batch", type=int, action="append", help="only these batch sizes")
    parser.add_argument("--format", choices=FORMATS, action="append", help="only these number formats")
    parser.add_argument("--preset", choices=PRESETS, action="append", help="only these presets")
    parser.add_argument("--peer", type=Path, help="Python of an environment with sleap-nn")
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch finds no graphics card here. To try the script all the same: --device cpu --quick")
    plan = Plan(
        device=args.device,
        steps=3 if args.quick else 40,
        warm_up=1 if args.quick else 8,
        until=time.perf_counter() + 60 * args.minutes,
    )
    batches = args.batch or (BATCHES[:1] if args.quick else BATCHES)
    name = (
        torch.cuda.get_device_name()
        if args.device == "cuda"
        else "the processor, which says nothing of a card"
    )
    print(f"PyTorch {torch.__version__} on {name}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        labels = drawn(folder, frames=8 if args.quick else 96, side=96 if args.quick else 384)
        print(f"{'process start to first step':40}{fresh_start(folder, labels, plan):8.1f} s")
        print(
            f"{'preset':28}{'batch':>5} {'format':9}" + "".join(f"{name:>11}" for name in _COLUMNS),
            flush=True,
        )
        presets, formats = args.preset or PRESETS, args.format or FORMATS
        cases = [Case(preset=p, batch=b, form=f) for b in batches for f in formats for p in presets]
        # Compiling takes longest, and is worth most for small batches.
        cases.sort(key=lambda case: (case.form == "compiled", case.batch))
        done = [case for case in cases if measured(case, folder, labels, plan)]
        for case in (case for case in cases if case not in done):
            print(f"left out, for time was up: {case.preset}, batch {case.batch}, {case.form}")
        show_waits(done)
        compare(args.peer, folder, labels, plan, done)


def drawn(folder: Path, *, frames: int, side: int) -> dict[int, Path]:
    """Labels by the number of animals on each picture."""
    return {
        animals: write_demo_labels(
            folder / f"{animals}.pkg.slp", frames=frames, animals=animals, size=(side, side), seed=animals
        )
        for animals in set(PRESETS.values())
    }


def settings(case: Case, folder: Path, labels: dict[int, Path], plan: Plan) -> dict[str, Any]:
    """The preset on its labels, images varied as it says."""
    values = read_config(resource_path("presets", f"config_{case.preset}.yaml")).values
    file = labels[PRESETS[case.preset]]
    own = run_settings(file, file, folder, steps=plan.steps, epochs=2)
    return put_all(
        values,
        {
            **own,
            "trainer_config.trainer_accelerator": "gpu" if plan.device == "cuda" else "cpu",
            "trainer_config.train_data_loader.batch_size": case.batch,
            "trainer_config.save_ckpt": False,
            "trainer_config.run_name": f"run-{case.preset}-{case.batch}-{case.form}",
        },
    )


def measured(case: Case, folder: Path, labels: dict[int, Path], plan: Plan) -> bool:
    """Train a few steps of a case, measure them and print its row; False where time is up."""
    if time.perf_counter() > plan.until:
        return False
    values = settings(case, folder, labels, plan)
    case.began = time.perf_counter()
    try:
        with at_first_step(lambda training: measure(training, case, plan)):
            engine.train(
                build_job(values), precision="32" if case.form == "32" else "bf16", stream=io.StringIO()
            )
    except (
        Exception
    ) as error:  # a case that does not fit the card, or a compiler that is missing, ends no other
        cause = error.__cause__ or error
        case.failed = f"not measured: {type(cause).__name__}: {str(cause).strip().splitlines()[0][:90]}"
    print(case.row(), flush=True)
    if plan.device == "cuda":
        torch.cuda.empty_cache()
    return True


@contextlib.contextmanager
def at_first_step(look: Callable[[Training], None]) -> Iterator[None]:
    """Within it, trainings end where their first step would come, after `look` has had them."""

    def instead(training: Training, _callbacks: object) -> str:
        look(training)
        return "stopped"

    fit, engine.fit = engine.fit, instead
    try:
        yield
    finally:
        engine.fit = fit


def measure(training: Training, case: Case, plan: Plan) -> None:
    """Our steps, then the bare ones with the same network; only then what changes how long they take."""
    on_card = plan.device == "cuda"
    if case.form == "compiled":
        training.parts.model.compile()
    if on_card:
        torch.cuda.reset_peak_memory_stats()
    training.parts.model.train()

    def own() -> None:
        result = training_step(training, 0)
        training.progress.step, case.samples = result.step + 1, result.samples

    own()
    case.first = time.perf_counter() - case.began
    case.own = seconds_of(own, plan)
    case.peak = torch.cuda.max_memory_allocated() if on_card else None
    if on_card:
        case.busy = min(computing(own, steps=5) / case.own, 1.0)
        case.waits = waits_of(own, steps=4)
    case.bare = seconds_of(bare_step(training), plan)


def seconds_of(step: Callable[[], None], plan: Plan) -> float:
    """What a step takes on average once it is warm; a card has done it all."""
    for _ in range(plan.warm_up):
        step()
    settle(plan.device)
    began = time.perf_counter()
    for _ in range(plan.steps):
        step()
    settle(plan.device)
    return (time.perf_counter() - began) / plan.steps


def bare_step(training: Training) -> Callable[[], None]:
    """The shortest loop: one batch on the card with its targets, and the loss that is read once a step."""
    batch = training.parts.batches.next_batch()

    def step() -> None:
        training.parts.optimizer.zero_grad(set_to_none=True)
        loss = total_loss(training.parts.losses, training.parts.forward(batch.images), batch.targets).total
        training.parts.fabric.backward(loss)
        loss.item()
        training.parts.update()

    return step


def settle(device: str) -> None:
    """Wait for a card to have done everything."""
    if device == "cuda":
        torch.cuda.synchronize()


def computing(step: Callable[[], None], *, steps: int) -> float:
    """Seconds of a step in which the card does something: what its own clock says of all it was given."""
    kinds = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=kinds, acc_events=True) as profile:
        for _ in range(steps):
            step()
        torch.cuda.synchronize()
    spans = sorted(
        (event.time_range.start, event.time_range.end)
        for event in profile.events() or []
        # Marks of the program reach over pauses, in which the card does nothing.
        if event.device_type == torch.autograd.DeviceType.CUDA and not event.is_user_annotation
    )
    busy, reached = 0.0, float("-inf")
    for start, end in spans:
        busy += max(end - max(start, reached), 0.0)
        reached = max(reached, end)
    return busy * 1e-6 / steps


def waits_of(step: Callable[[], None], *, steps: int) -> dict[str, int]:
    """How often one step waits for the card, by the line of code that does, as PyTorch finds them."""
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(steps):
                step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    places = collections.Counter(
        f"{Path(one.filename).name}:{one.lineno}" for one in caught if "synchroniz" in str(one.message)
    )
    return {place: round(count / steps) for place, count in places.most_common()}


def show_waits(cases: list[Case]) -> None:
    """Where our loop waits for the card, one line for each preset."""
    told: dict[str, dict[str, int]] = {}
    for case in cases:
        told.setdefault(case.preset, case.waits)
    for preset, waits in told.items():
        if waits:
            listed = ", ".join(f"{place} ({count})" for place, count in waits.items())
            print(f"{preset} waits for the card in each step at: {listed}")


def fresh_start(folder: Path, labels: dict[int, Path], plan: Plan) -> float:
    """Seconds from the start of a new engine process to the end of its first step."""
    case = Case(preset=next(iter(PRESETS)), batch=4, form="fresh")
    config = folder / "fresh.yaml"
    config.write_text(dump_config(settings(case, folder, labels, plan)), encoding="utf-8")
    command = [sys.executable, "-m", "sleapnn_engine", "train", str(config)]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    journal = folder / f"run-{case.preset}-4-fresh" / "events.jsonl"
    try:
        while process.poll() is None and not (journal.exists() and b'"batch_end"' in journal.read_bytes()):
            time.sleep(0.01)
        seconds = time.perf_counter() - began
    finally:
        process.kill()
        _, said = process.communicate()
    if not journal.exists():
        sys.exit(said.decode(errors="replace"))
    return seconds


def compare(peer: Path | None, folder: Path, labels: dict[int, Path], plan: Plan, done: list[Case]) -> None:
    """Whole trainings of both sides in float32, at the smallest batch."""
    if peer is None:
        print("sleap-nn is not compared; --peer PYTHON names the Python of an environment with it.")
        return
    smallest = min(case.batch for case in done)
    for case in (case for case in done if case.batch == smallest and case.form == "32" and not case.failed):
        if time.perf_counter() > plan.until:
            print(f"left out, for time was up: sleap-nn on {case.preset}")
            continue
        values = put_all(settings(case, folder, labels, plan), {"trainer_config.save_ckpt": True})
        said = ask_peer(peer, "train", write(values, folder / "peer.yaml", theirs=True), threads=4)
        best = min(said["train_seconds"][1:] or said["train_seconds"])
        rate = plan.steps * case.batch / best
        print(f"{case.preset:42} sleap-nn {rate:8.0f} samples/s   ratio {case.samples / case.own / rate:.1f}")


if __name__ == "__main__":
    main()
