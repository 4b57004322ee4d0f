"""Frames that stay in a run folder: which epochs, within which budget, what is read back, and what damage does."""

import time
from pathlib import Path

import attrs
import numpy as np
import pytest

from sleapnn_engine.evaluation.scores import PoseScores
from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.kept_frames import FOLDER, kept_epochs, read_frames
from sleapnn_engine.training.callbacks.frame_keeper import KeptFrames
from sleapnn_engine.training.callbacks.preview import chosen, in_turn, part_frames
from tests.engine.config.obstacles import as_nobody, full_disk, open_folder
from tests.engine.hostile import Command, mark
from tests.engine.protocol.examples import BODIES
from tests.engine.training.jobs import config_file, finish, start, wait_for
from tests.engine.training.rendered import job, write_labels

__all__ = ["mark"]  # a fixture

NOISE = np.random.default_rng(0).integers(0, 255, (64, 48, 1), dtype=np.uint8)


def shown(epoch: int, index: int, *, side: int = 16) -> tuple[Frame, dict[str, np.ndarray]]:
    body = {name: value for name, value in BODIES["frame"].items() if name != "arrays"}
    said = Frame.read({**body, "epoch": epoch, "index": index, "rank": index + 1})
    maps = np.zeros((2, side, side), np.float16)
    maps[0, 3, 4], maps[1, 5, 6] = 1.0, 0.5
    fields = np.zeros((4, side // 2, side // 2), np.float16)
    fields[2, 3, 4], fields[3, 3, 4] = -0.75, 0.25
    return said, {"image": NOISE + np.uint8(index), "confmaps": maps, "pafs": fields, "class_maps": maps[:1]}


def train(keeper: KeptFrames, bests: dict[int, bool], *, side: int = 16, frames: int = 2) -> None:
    for epoch, best in bests.items():
        for index in range(frames):
            keeper.add(*shown(epoch, index, side=side))
        keeper.end_epoch(epoch, best=best)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / FOLDER).iterdir())


def test_what_is_kept_is_read_back_as_it_was_sent(tmp_path: Path) -> None:
    train(KeptFrames(tmp_path, most_bytes=10**7, epochs=1), {0: True})
    (event, second) = read_frames(kept_epochs(tmp_path)[0]).events
    said, arrays = shown(0, 0)
    assert event.typed_as(Frame) == said
    assert second.typed_as(Frame).index == 1
    np.testing.assert_array_equal(event.arrays["image"], arrays["image"])
    for name, step in (("confmaps", 255), ("pafs", 127), ("class_maps", 255)):
        np.testing.assert_allclose(event.arrays[name], arrays[name], atol=1 / step)


def test_the_newest_frames_are_there_before_the_training_has_ended(tmp_path: Path) -> None:
    """What ends a run at once, as a lack of memory does, leaves no time to write."""
    keeper = KeptFrames(tmp_path, most_bytes=10**7, epochs=100)
    for epoch in range(4):
        keeper.add(*shown(epoch, 0))
        keeper.end_epoch(epoch, best=epoch == 1)
        assert epoch in kept_epochs(tmp_path)
    assert list(kept_epochs(tmp_path)) == [0, 1, 3]


def test_first_best_last_and_each_kth_epoch_stay(tmp_path: Path) -> None:
    bests = {epoch: epoch in (0, 1, 2, 7, 13) for epoch in range(58)}
    train(KeptFrames(tmp_path, most_bytes=10**8, epochs=200), bests)
    assert list(kept_epochs(tmp_path)) == [0, 10, 13, 20, 30, 40, 50, 57]


@pytest.mark.parametrize("most", [60_000, 20_000, 12_000, 1_000])
def test_a_budget_is_never_exceeded_and_first_best_and_last_stay_longest(tmp_path: Path, most: int) -> None:
    bests = {epoch: epoch in (0, 4) for epoch in range(40)}
    train(KeptFrames(tmp_path, most_bytes=most, epochs=20), bests)
    assert size(tmp_path) <= most
    kept = set(kept_epochs(tmp_path))
    assert kept >= {60_000: {0, 4, 39}, 20_000: {0, 4, 39}, 12_000: {4, 39}, 1_000: set()}[most]
    images = {path.name for path in (tmp_path / FOLDER).glob("image-*")}
    assert len(images) == (2 if kept else 0), "an image is kept once, and goes with its last epoch"


def kept_maps(folder: Path, epoch: int) -> dict[int, np.ndarray]:
    """The confidence maps that were kept, by the index of their frame."""
    events = read_frames(kept_epochs(folder)[epoch]).events
    return {
        event.typed_as(Frame).index: event.arrays["confmaps"]
        for event in events
        if "confmaps" in event.arrays
    }


def test_noise_that_does_not_fit_costs_neither_epochs_nor_the_maps_of_later_ones(tmp_path: Path) -> None:
    """As training begins, maps of large images are full of it."""
    keeper = KeptFrames(tmp_path, most_bytes=40_000, epochs=4)
    random = np.random.default_rng(1)
    for epoch, height in enumerate((1.0, 0.15, 0.02, 0.001)):
        for index in (1, 0):
            said, arrays = shown(epoch, index)
            maps = height * random.random((7, 64, 64))
            maps[0, 5, 5] = 1.0
            keeper.add(said, {**arrays, "confmaps": maps.astype(np.float16)})
        keeper.end_epoch(epoch, best=epoch == 2)
    assert list(kept_epochs(tmp_path)) == [0, 1, 2, 3]
    assert size(tmp_path) <= 40_000
    assert kept_maps(tmp_path, 0) == {}
    assert list(kept_maps(tmp_path, 1)) == [0], "there is room for the worst one"
    assert [maps[0, 5, 5] for maps in kept_maps(tmp_path, 2).values()] == [1, 1]
    assert kept_maps(tmp_path, 2)[0].sum() == 1, "what is weak is the first to go"
    assert sorted(kept_maps(tmp_path, 3)) == [0, 1]


def test_a_disk_that_refuses_ends_neither_run_nor_keeping(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FOLDER).write_text("somebody's file")
    keeper = KeptFrames(tmp_path, most_bytes=10**7, epochs=3)
    train(keeper, {0: True, 1: True})
    assert kept_epochs(tmp_path) == {}
    (tmp_path / FOLDER).unlink()
    train(keeper, {2: False})
    assert [record.message.count("cannot be kept") for record in caplog.records] == [1]
    assert list(kept_epochs(tmp_path)) == [2], "there is room again"


def test_a_full_disk_leaves_what_was_kept_and_nothing_half_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = KeptFrames(tmp_path, most_bytes=10**7, epochs=100)
    train(keeper, {0: True})
    before = sorted((tmp_path / FOLDER).iterdir())
    with full_disk():
        train(keeper, {1: False, 2: True}, frames=3)
    assert sorted((tmp_path / FOLDER).iterdir()) == before
    train(keeper, {3: False})
    assert list(kept_epochs(tmp_path)) == [0, 3]
    assert len(caplog.records) == 1


def test_a_disk_that_became_read_only_ends_no_run() -> None:
    """Nor can what was kept be removed there."""
    with open_folder() as folder:
        folder.chmod(0o777)
        keeper = KeptFrames(folder, most_bytes=10**7, epochs=100)
        train(keeper, {0: True, 1: False})
        (folder / FOLDER).chmod(0o555)
        with as_nobody():
            train(keeper, {2: False, 3: True})
        assert list(kept_epochs(folder)) == [0, 1]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", "cut", "bits"])
def test_damaged_files_are_left_out(tmp_path: Path, damage: bytes | str) -> None:
    train(KeptFrames(tmp_path, most_bytes=10**7, epochs=1), {0: True})
    path = kept_epochs(tmp_path)[0]
    whole = path.read_bytes()
    spoilt = bytearray(whole)
    spoilt[60:90] = bytes(30)
    path.write_bytes(
        {"cut": whole[:-40], "bits": bytes(spoilt)}.get(damage, damage) if isinstance(damage, str) else damage
    )
    read = read_frames(path)
    assert len(read.events) <= 1
    assert path.name in read.refused
    path.write_bytes(whole)
    for image in (tmp_path / FOLDER).glob("image-*"):
        image.unlink()
    read = read_frames(path)
    assert read.events == []
    assert len(read.refused) == 2
    assert kept_epochs(tmp_path / "nowhere") == {}


@pytest.mark.parametrize("spoilt", ["epoch", "image"])
def test_a_file_with_a_command_is_refused_and_the_command_not_carried_out(
    tmp_path: Path, mark: Path, spoilt: str
) -> None:
    train(KeptFrames(tmp_path, most_bytes=10**7, epochs=1), {0: True})
    path = kept_epochs(tmp_path)[0]
    hostile = path if spoilt == "epoch" else min((tmp_path / FOLDER).glob("image-*"))
    with np.load(hostile) as file:
        arrays = dict(file)
    np.savez(hostile, **{name: np.array(Command(mark), dtype=object) for name in arrays})
    read = read_frames(path)
    assert read.refused == [hostile.name]
    assert len(read.events) == (0 if spoilt == "epoch" else 1)
    assert not mark.exists()


def test_half_of_the_frames_that_are_sent_are_the_worst_of_all() -> None:
    assert chosen(100, [77, 5, 31, 2], most=6) == [0, 5, 16, 31, 33, 77]
    assert chosen(4, [3, 2, 1, 0], most=6) == [0, 1, 2, 3]
    assert chosen(100, [], most=6) == chosen(100, [0, 16, 33], most=6) == [0, 16, 33, 50, 66, 83]
    assert chosen(0, [], most=6) == []


def test_each_part_has_its_worst_frame_where_that_takes_little_of_an_epoch() -> None:
    assert part_frames(60.0, each=0.1) == 30
    assert part_frames(2.0, each=0.1) == part_frames(60.0, each=0.0) == 4, "a short epoch, and the first one"
    assert part_frames(3600.0, each=0.1) == 40


def test_parts_take_turns_where_there_is_not_room_for_all() -> None:
    worst = {name: 10 * place for place, name in enumerate("abcdefg")}
    shown_in: dict[str, int] = {}
    for epoch in range(4):
        frames = in_turn(worst, shown_in, room=4)
        assert len(frames) == 4
        assert frames[:2] == [worst["a"], worst["b"]], "the worst parts are shown always"
        shown_in |= {name: epoch for name in worst if worst[name] in frames}
    assert shown_in.keys() == worst.keys()
    assert min(shown_in.values()) == 1, "nobody waits for longer than it takes to go round"
    assert in_turn(dict.fromkeys("abc", 7), {}, room=4) == [7]
    assert in_turn({}, {}, room=4) == in_turn(worst, {}, room=0) == []


def test_the_frame_with_the_greatest_error_of_each_part_is_known() -> None:
    truth = np.array([[[10.0, 10.0], [40.0, 10.0], [60.0, 10.0]]])
    scores = PoseScores(nodes=("a", "b", "c"), paired=True)
    for off in ((1.0, 2.0, np.nan), (5.0, 1.0, np.nan), (2.0, 9.0, np.nan)):
        scores.add(truth + np.array(off)[None, :, None], truth)
    assert list(scores.summary().worst_by_node.items()) == [("b", 2), ("a", 1)], "the greatest of all first"


def test_parts_that_lie_in_each_others_place_are_counted() -> None:
    truth = np.array([[[10.0, 10.0], [40.0, 10.0], [25.0, 40.0]]])
    scores = PoseScores(nodes=("earL", "earR", "nose"), paired=True, sides=[("earL", "earR")])
    for swapped in (True, False, False, False):
        scores.add(truth[:, [1, 0, 2]] + 1.0 if swapped else truth + 3.0, truth)
    assert scores.summary().swapped == {}, "four animals are too few to say"
    scores.add(np.full((1, 3, 2), 25.0), truth)
    assert scores.summary().swapped == {"earL ↔ earR": 0.2}, "what lies between the two is of neither side"


def test_frames_are_ranked_by_what_is_missed_and_then_by_how_far_it_is_off() -> None:
    truth = np.array([[[10.0, 10.0], [40.0, 10.0]]])
    scores = PoseScores(nodes=("a", "b"))
    for off in (1.0, 4.0, 2.0):
        scores.add(truth + off, truth)
    scores.add(np.empty((0, 2, 2)), truth)
    scores.add(np.concatenate([truth, truth + 300]), truth)
    order = scores.summary().order
    assert set(order[:2]) == {3, 4}
    assert order[2:] == (1, 2, 0)
    assert attrs.evolve(scores.summary(), hits=0).order == order


@pytest.mark.timeout(120)
@pytest.mark.parametrize("delay", [0.0, 0.15])
def test_a_training_that_is_killed_leaves_its_kept_frames_whole(tmp_path: Path, delay: float) -> None:
    """Whatever it was writing: each epoch that is there is read, with all images that it names."""
    settings = job(
        tmp_path,
        write_labels(tmp_path),
        trainer_config__max_epochs=10**6,
        trainer_config__early_stopping__stop_training_on_plateau=False,
    )
    process = start(config_file(settings, tmp_path))
    run = tmp_path / "models" / "run"
    wait_for(run / FOLDER / "epoch-0002.npz", process=process)
    time.sleep(delay)
    process.kill()
    finish(process)
    kept = {epoch: read_frames(path) for epoch, path in kept_epochs(run).items()}
    assert len(kept) >= 2
    assert [one.refused for one in kept.values()] == [[]] * len(kept)
    assert all(one.events and "confmaps" in one.events[0].arrays for one in kept.values())
    assert not [
        path.name
        for path in (run / FOLDER).iterdir()
        if path.suffix != ".npz" and not path.name.startswith(".")
    ]
