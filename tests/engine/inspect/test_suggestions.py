"""Frames sent to labelling: a labels file with suggestions in the order given, and with what is known to be on them."""

from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.inspect.suggestions import suggest
from sleapnn_engine.inspect.wanted import NotWanted, never
from sleapnn_engine.protocol.fields import complaint
from sleapnn_engine.protocol.questions import QUESTIONS
from tests.engine.data import drawn
from tests.engine.evaluation.test_comparing import ANIMAL, NODES, predictions, write


@pytest.fixture
def asked(tmp_path: Path) -> dict:
    """Labels of frames 2 and 4 of a video that has moved, predictions of parts of animals on 2 and 3."""
    video = drawn.write_video(tmp_path / "a.avi", 9, size=(64, 64))
    stored = f"/elsewhere/{video.name}"
    truth = write(tmp_path / "t.slp", {(0, 2): [ANIMAL], (0, 4): [ANIMAL]}, videos=(stored,))
    given = {(0, 2): [ANIMAL[1:] + 3, ANIMAL[1:] + 9], (0, 3): [ANIMAL[1:]]}
    found = predictions(tmp_path / "p.slp", given, videos=(stored,), nodes=NODES[1:])
    return {
        "file": str(truth),
        "predicted": str(found),
        "frames": [{"video": stored, "frame": number} for number in (4, 2, 3, 4)],
        "output": str(tmp_path / "out.slp"),
    }


def test_they_are_listed_with_their_animals(asked: dict, tmp_path: Path) -> None:
    assert complaint(QUESTIONS["suggest"].fields, asked, mode="wire") is None
    assert suggest(asked, never) == {"path": asked["output"], "frames": 3}
    made = sio.load_slp(asked["output"])
    assert [one.frame_idx for one in made.suggestions] == [4, 2, 3]
    assert [one.video.filename for one in made.suggestions] == [str(tmp_path / "a.avi")] * 3
    assert len(made.skeletons) == 1
    assert tuple(made.skeleton.node_names) == NODES
    by_frame = {frame.frame_idx: frame for frame in made.labeled_frames}
    assert [len(by_frame[number].user_instances) for number in (4, 2, 3)] == [1, 1, 0]
    assert [len(by_frame[number].predicted_instances) for number in (4, 2, 3)] == [0, 2, 1]
    seen = by_frame[3].predicted_instances[0].numpy()
    assert np.isnan(seen[0]).all()
    np.testing.assert_allclose(seen[1:], ANIMAL[1:])


def test_labels_alone_are_enough(asked: dict, tmp_path: Path) -> None:
    del asked["predicted"]
    asked["frames"] = [{"video": str(tmp_path / "a.avi"), "frame": 4}]
    assert suggest(asked, never)["frames"] == 1
    assert [len(frame.instances) for frame in sio.load_slp(asked["output"])] == [1]


def test_nothing_is_lost(asked: dict, tmp_path: Path) -> None:
    out = Path(asked["output"])
    out.write_bytes(b"mine")
    with pytest.raises(UserError, match="there already"):
        suggest(asked, never)
    assert out.read_bytes() == b"mine"
    for name in ("file", "predicted"):
        with pytest.raises(UserError, match="would replace the labels"):
            suggest({**asked, "output": asked[name], "replace": True}, never)
    with pytest.raises(UserError, match="do not have the video: b"):
        suggest({**asked, "frames": [{"video": "b.avi", "frame": 1}], "replace": True}, never)
    with pytest.raises(UserError, match="were not written"):
        suggest({**asked, "output": str(tmp_path / "none" / "out.slp")}, never)
    with pytest.raises(NotWanted):
        suggest({**asked, "replace": True}, lambda: True)
    assert out.read_bytes() == b"mine"
    assert suggest({**asked, "replace": True}, never)["frames"] == 3
