"""Labels whose videos have moved: the copy names them where they are, the old file stays, others are found along."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.cli import main
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.moved_files import found_along
from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.data.relinking import missing_videos, relink
from tests.engine.data import drawn
from tests.engine.evaluation.test_comparing import ANIMAL, NODES, write

STORED = ("D:/lab/day1/cam.avi", "D:/lab/day2/cam.avi", "D:/lab/day2/side.avi", "D:/lab/gone.avi")


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """Labels of four videos, three of which are in folders of their own far from them."""
    (tmp_path / "labels").mkdir()
    for name in ("day1/cam.avi", "day2/cam.avi", "day2/side.avi"):
        place = tmp_path / "disk" / "archive" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        drawn.write_video(place, 5, size=(64, 64))
    frames = {(video, 2): [ANIMAL] for video in range(len(STORED))}
    return write(tmp_path / "labels" / "a.slp", frames, videos=STORED)


def test_a_copy_names_what_was_said_and_what_moved_along(moved: Path, tmp_path: Path) -> None:
    before, disk = moved.read_bytes(), tmp_path / "disk" / "archive"
    assert missing_videos(moved) == list(STORED)
    made = relink(moved, {STORED[0]: disk / "day1" / "cam.avi"})
    assert made.path == moved.with_name("a.relinked.slp")
    assert made.found == {STORED[1]: disk / "day2" / "cam.avi", STORED[2]: disk / "day2" / "side.avi"}
    assert made.missing == [STORED[3]]
    assert moved.read_bytes() == before
    assert missing_videos(made.path) == [STORED[3]]
    again = sio.load_slp(made.path.as_posix())
    assert [len(frame.instances) for frame in again.labeled_frames] == [1] * 4
    np.testing.assert_allclose(again.labeled_frames[0].instances[0].numpy(), ANIMAL)
    reading = read_labels([made.path])
    reading.labels.close()
    (problem,) = reading.problems
    assert "gone.avi" in problem.message
    assert problem.message.startswith("Its video was not found")
    assert relink(moved, {STORED[0]: disk / "day1" / "cam.avi"}).path.name == "a.relinked2.slp"


def test_nothing_is_written_over_or_made_up(moved: Path, tmp_path: Path) -> None:
    video = tmp_path / "disk" / "archive" / "day1" / "cam.avi"
    for videos, output, why in (
        ({STORED[0]: video}, moved, "there already"),
        ({"other.avi": video}, None, "no video"),
        ({STORED[0]: tmp_path / "none.avi"}, None, "no file"),
        ({STORED[0]: video}, tmp_path / "none" / "b.slp", "not written"),
    ):
        with pytest.raises(UserError, match=why):
            relink(moved, videos, output=output)
    assert [file.name for file in moved.parent.iterdir()] == ["a.slp"]


def test_one_file_is_never_taken_for_two_videos(tmp_path: Path) -> None:
    (tmp_path / "cam.avi").touch()
    (tmp_path / "b.avi").touch()
    assert found_along("/x/1/cam.avi", tmp_path / "cam.avi", ["/x/2/cam.avi"]) == {}
    found = found_along("/x/1/cam.avi", tmp_path / "cam.avi", ["/x/2/b.avi", "/x/3/b.avi"])
    assert found == {"/x/2/b.avi": tmp_path / "b.avi"}


def test_a_list_of_images_moves_as_one(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    names = [f"{number}.png" for number in range(3)]
    for name in names:
        cv2.imwrite(str(tmp_path / "old" / name), np.full((64, 64), 9, dtype=np.uint8))
    video = sio.Video.from_filename([(tmp_path / "old" / name).as_posix() for name in names])
    animal = sio.Instance.from_numpy(np.array(ANIMAL), skeleton=sio.Skeleton(list(NODES)))
    path = tmp_path / "labels" / "a.slp"
    path.parent.mkdir()
    sio.save_slp(
        sio.Labels([sio.LabeledFrame(video, 1, [animal])]), path.as_posix(), embed=False, verbose=False
    )
    new = tmp_path / "far" / "new"
    new.parent.mkdir()
    (tmp_path / "old").rename(new)
    (old,) = missing_videos(path)
    made = relink(path, {old: new / names[0]})
    assert made.missing == []
    assert missing_videos(made.path) == []
    assert sio.load_slp(made.path.as_posix(), open_videos=False).videos[0].filename == [
        (new / name).as_posix() for name in names
    ]
    (new / names[2]).unlink()
    with pytest.raises(UserError, match="1 of the 3 images"):
        relink(path, {old: new / names[0]})


def test_the_command_lists_and_writes(
    moved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["relink", str(moved)]) == 1
    assert capsys.readouterr().out.splitlines() == list(STORED)
    new, out = tmp_path / "disk" / "archive" / "day1" / "cam.avi", tmp_path / "b.slp"
    assert main(["relink", str(moved), "--video", f"D:\\lab\\day1\\cam.avi={new}", "-o", str(out)]) == 0
    said = capsys.readouterr().out
    assert "(found by its name)" in said
    assert f"{STORED[3]} is still missing" in said
    assert said.splitlines()[-1] == str(out)
    assert main(["relink", str(moved), "--video", "nothing"]) == 2
