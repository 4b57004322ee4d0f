"""A training that sleap-nn does itself, followed and stopped over its own ports."""

import threading
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job, job_values
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.for_others import for_version
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.run.apart import ApartEngine
from sleapnn_gui.run.peer_link import PeerLink, PeerPorts
from sleapnn_gui.run.queue import EventQueue
from tests.engine.training.rendered import write_labels
from tests.gui.run.peer_trainer import free_ports
from tests.interop.table import learning

pytestmark = pytest.mark.interop


def test_its_training_is_followed_and_ends_when_it_is_asked_to(their_side, tmp_path: Path) -> None:
    progress, control = free_ports()
    config = learning(tmp_path / "ours", write_labels(tmp_path, frames=24), "single_instance", "unet")
    tree.put(config, "trainer_config.ckpt_dir", str(tmp_path / "theirs"))
    tree.put(config, "trainer_config.max_epochs", 500)
    tree.put(config, "trainer_config.zmq.publish_port", progress)
    tree.put(config, "trainer_config.zmq.controller_port", control)
    file = tmp_path / "config.yaml"
    file.write_text(dump_config(for_version(job_values(build_job(config)), version="0.3.5")[0]))
    queue, store = EventQueue(), RunStore()
    link = PeerLink(PeerPorts(progress, control), queue=queue, engine=ApartEngine())
    link.start()
    said: dict[str, Any] = {}
    training = threading.Thread(target=lambda: said.update(their_side("train", file)))
    training.start()
    answer = None
    while training.is_alive():
        store.add(queue.pop())
        if answer is None and len(store.epochs) == 2:
            answer = link.ask("stop", after="batch")
        training.join(0.1)
    store.add(queue.pop())
    link.close()
    assert set(said.values()) == {None}
    assert answer is not None
    assert answer.result(5).accepted
    assert store.finished is not None
    assert store.finished.outcome == "stopped"
    assert 3 <= len(store.epochs) < 500
    assert [epoch.number for epoch in store.epochs] == list(range(len(store.epochs)))
    log = (next((tmp_path / "theirs").glob("*/training_log.csv"))).read_text().splitlines()
    names, rows = log[0].split(","), [line.split(",") for line in log[1:]]
    theirs = [dict(zip(names, row, strict=True)) for row in rows]
    assert [epoch.val for epoch in store.epochs] == pytest.approx([float(row["val/loss"]) for row in theirs])
    # Its file has the training loss of each epoch a row late.
    late = [float(row["train/loss"]) for row in theirs[1:]]
    assert [epoch.train for epoch in store.epochs[:-1]] == pytest.approx(late, rel=1e-5)
