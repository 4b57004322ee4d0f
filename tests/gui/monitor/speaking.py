"""Events as an engine would say them, numbered and timed, for tests of what the page makes of them."""

import numpy as np

from sleapnn_engine.evaluation.matching import body_sizes
from sleapnn_engine.evaluation.scores import pairs_found
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.run.queue import EventQueue

NODES = ("nose", "thorax", "tail")


class Speaker:
    """Makes a run's events one after another; `items` are what the session would hand on."""

    def __init__(self, *, t=1000.0):
        self.seq, self.t, self.step = 0, t, 0
        self.events = []
        self.best = (None, None)
        self.one_animal = True

    def emit(self, kind, body, *, arrays=None, after=0.0):
        self.seq += 1
        self.t += after
        self.events.append(Event(self.seq, self.t, kind, body, arrays or {}))
        return self

    def start(
        self,
        *,
        max_epochs=10,
        steps=4,
        patience=None,
        n_train=16,
        n_val=8,
        model_type="single_instance",
        nodes=NODES,
        edges=(("nose", "thorax"), ("thorax", "tail")),
        batch_size=None,
    ):
        self.one_animal = model_type not in ("centroid", "bottomup", "multi_class_bottomup")
        return self.emit(
            "started",
            {
                "run_name": "fly_01",
                "run_dir": "/runs/fly_01",
                "model_type": model_type,
                "max_epochs": max_epochs,
                "steps_per_epoch": steps,
                "n_train": n_train,
                "n_val": n_val,
                **({} if batch_size is None else {"batch_size": batch_size}),
                "nodes": list(nodes),
                "edges": [list(edge) for edge in edges],
                "device": "cpu",
                "precision": "32",
                "parameters": 1000,
                "early_stopping_patience": patience,
                "pid": 42,
            },
        )

    def phase(self, name, state, *, done=None, total=None, seconds=None, text="", after=0.0):
        body = {"name": name, "state": state, "done": done, "total": total, "seconds": seconds, "text": text}
        return self.emit("phase", body, after=after)

    def batches(self, count, *, steps=4, loss=0.5, seconds=1.0, heads=("confmaps",)):
        """`heads` share the loss evenly."""
        for _ in range(count):
            value = loss(self.step) if callable(loss) else loss
            body = {
                "epoch": self.step // steps,
                "step": self.step,
                "batch": self.step % steps,
                "loss": value,
                "losses": {head: None if value is None else value / len(heads) for head in heads},
                "seconds": seconds,
            }
            self.emit("batch_end", body, after=seconds)
            self.step += 1
        return self

    def epoch(
        self,
        number,
        *,
        val=0.5,
        train=0.4,
        lr=1e-3,
        median=3.0,
        by_node=None,
        after=2.0,
        speed=4.0,
        counted=None,
        gradient=None,
    ):
        """`counted` holds what is measured of animals besides distances: precision, recall, f1, class_accuracy."""
        best = self.best[1] is None or (val is not None and val < self.best[1])
        if best:
            self.best = (number, val)
        error = None
        if median is not None or counted is not None:
            error = {
                "median_px": median,
                "p90_px": None if median is None else 9.0,
                "percent_of_body": None if median is None else 2.5,
                "by_node": by_node or {"nose": 2.0, "thorax": 1.0, "tail": None},
                **(counted or {}),
            }
        return self.emit(
            "epoch_end",
            {
                "epoch": number,
                "train": train,
                "val": val,
                "lr": lr,
                "seconds": 6.0,
                "samples_per_second": speed,
                "best": best,
                "best_epoch": self.best[0],
                "best_val": self.best[1],
                "data_wait": 0.02,
                "error": error,
                **({} if gradient is None else {"gradient": gradient}),
            },
            after=after,
        )

    def frame(
        self,
        epoch,
        *,
        index=0,
        error=3.0,
        split="validation",
        side=16,
        nodes=3,
        truth=None,
        predicted=None,
        scale=2.0,
        paired=True,
    ):
        """With `paired` False as an earlier engine says it: without who belongs together."""
        truth = [[[2.0, 3.0], [8.0, 8.0], None]] if truth is None else truth
        predicted = [[[5.0, 7.0], [8.0, 9.0], [12.0, 12.0]]] if predicted is None else predicted
        body = {
            "epoch": epoch,
            "split": split,
            "index": index,
            "labels_file": "labels.slp",
            "video": "video.mp4",
            "frame": 100 + index,
            "scale": scale,
            "truth": truth,
            "predicted": predicted,
            "scores": [[0.9, 0.8, 0.3][: len(animal)] for animal in predicted],
            "error_px": error,
            "stride": 4,
            "arrays": [],
        }
        if paired:
            body["pairs"] = pairs_of(body, one_animal=self.one_animal)
        maps = np.zeros((nodes, side // 4, side // 4), np.float16)
        maps[0, 1, 1] = 1.0
        image = np.full((side, side, 1), 30, np.uint8)
        return self.emit("frame", body, arrays={"image": image, "confmaps": maps})

    @property
    def items(self):
        queue = EventQueue(capacity=10**9)
        for event in self.events:
            queue.put(event)
        taken = []
        while more := queue.pop():
            taken += more
        return taken


def pairs_of(body, *, one_animal):
    """What the engine says of the animals of a `frame` event, each frame measured by itself."""
    nodes = max(map(len, (*body["truth"], *body["predicted"])), default=0)
    truth, predicted = (body["scale"] * as_points(body[side], nodes) for side in ("truth", "predicted"))
    sizes = body_sizes(truth)
    median = float(np.median(sizes[np.isfinite(sizes)])) if np.isfinite(sizes).any() else None
    pairs = pairs_found(predicted, truth, body=median, paired=one_animal)
    gaps = [np.linalg.norm(predicted[p] - truth[t], axis=-1) for p, t in pairs]
    return [
        {"labelled": t, "predicted": p, "error_px": float(np.nanmean(gap))}
        for (p, t), gap in zip(pairs, gaps, strict=True)
    ]


def as_points(animals, nodes):
    """Animals of a `frame` event as (animals, nodes, 2), NaN where a point is not visible."""
    unseen = (np.nan, np.nan)
    rows = [[point or unseen for point in animal] + [unseen] * (nodes - len(animal)) for animal in animals]
    return np.array(rows, np.float64).reshape(len(animals), nodes, 2)
