"""A run that SLEAP's own training window watches and stops, with real sockets in its place."""

import io
import json
import threading
from pathlib import Path

import zmq

from sleapnn_engine.config.build import build_job
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import events, outline, values


def test_the_window_sees_the_run_and_its_button_stops_it(shared_data: Path, tmp_path: Path) -> None:
    context = zmq.Context()
    progress, button = context.socket(zmq.SUB), context.socket(zmq.PUB)
    progress.subscribe(b"")
    publish, control = (end.bind_to_random_port("tcp://127.0.0.1") for end in (progress, button))
    seen: list[dict[str, object]] = []
    pictures: list[list[str]] = []

    def window() -> None:
        while not seen or seen[-1]["event"] != "train_end":
            if not progress.poll(20_000):
                return
            seen.append(json.loads(progress.recv()))
            if seen[-1]["event"] == "epoch_end":
                pictures.append(sorted(path.name for path in (tmp_path / "run/viz").glob("*.png")))
                button.send_json({"command": "stop"})

    watching = threading.Thread(target=window)
    watching.start()
    config = values(
        shared_data,
        tmp_path,
        trainer_config__zmq__publish_port=publish,
        trainer_config__zmq__controller_port=control,
        trainer_config__max_epochs=1000,
        trainer_config__visualize_preds_during_training=True,
        trainer_config__early_stopping__stop_training_on_plateau=False,
    )
    try:
        assert train(build_job(config), stream=io.StringIO()) == 0
    finally:
        watching.join(timeout=30)
        for end in (progress, button):
            end.close(linger=0)
        context.term()
    kinds = [message["event"] for message in seen]
    assert kinds[:6] == ["train_begin", "epoch_begin", "batch_end", "batch_end", "batch_end", "epoch_end"]
    assert kinds[-2:] == ["epoch_end", "train_end"]
    # The window looks for an epoch's pictures when it hears of its end.
    assert pictures[0] == ["train.0000.png", "validation.0000.png"]
    assert {message["what"] for message in seen} == {"single_instance"}
    assert events(tmp_path / "run")[-1]["body"]["outcome"] == "stopped"
    assert outline(tmp_path / "run").count("stopping") == 1
