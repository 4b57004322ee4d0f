"""Demonstration labels on disk, read back by sleap-io, and the command that writes them."""

import subprocess
import sys
from itertools import islice

import numpy as np
import pytest
import sleap_io

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.demo.labels import write_demo_labels
from sleapnn_engine.demo.scene import SceneSpec, render_frames


def test_labels_hold_the_pictures_and_the_exact_points(tmp_path):
    path = write_demo_labels(tmp_path / "a.pkg.slp", frames=4, animals=2, size=(96, 128), seed=3)
    labels = sleap_io.load_slp(str(path))
    scene = next(islice(render_frames(3, SceneSpec(size=(96, 128), animals=2)), 2, None))
    assert len(labels) == 4
    assert np.array_equal(labels[2].image, scene.image)
    stored = np.stack([instance.points["xy"] for instance in labels[2].instances])
    assert np.array_equal(stored, scene.points)
    assert [track.name for track in labels.tracks] == ["mouse 1", "mouse 2"]
    assert labels.skeleton.node_names == list(SceneSpec().anatomy.nodes)
    assert [tuple(sorted(pair)) for pair in labels.skeleton.symmetry_names] == [("ear_left", "ear_right")]


def test_colour_pictures_come_back_in_colour(tmp_path):
    path = write_demo_labels(tmp_path / "a.pkg.slp", frames=1, size=(96, 96), channels=3, species="fly")
    scene = next(render_frames(7, SceneSpec(size=(96, 96), channels=3, species="fly")))
    assert np.array_equal(sleap_io.load_slp(str(path))[0].image, scene.image)


def test_hidden_points_are_stored_and_marked(tmp_path):
    path = write_demo_labels(tmp_path / "a.pkg.slp", frames=6, size=(160, 160), occlusion=0.4, seed=1)
    labels = sleap_io.load_slp(str(path))
    visible = np.concatenate([frame.instances[0].points["visible"] for frame in labels])
    places = np.concatenate([frame.instances[0].points["xy"] for frame in labels])
    read = np.concatenate([frame.instances[0].numpy() for frame in labels])
    assert 0 < visible.sum() < visible.size
    assert np.isfinite(places).all()
    assert np.array_equal(np.isnan(read).any(axis=1), ~visible)


def test_the_same_video_is_the_same_file_wherever_it_is_written(tmp_path):
    first = write_demo_labels(tmp_path / "a.pkg.slp", frames=3, size=(64, 64), species="fly")
    (tmp_path / "elsewhere").mkdir()
    second = write_demo_labels(tmp_path / "elsewhere" / "b.pkg.slp", frames=3, size=(64, 64), species="fly")
    assert first.read_bytes() == second.read_bytes()
    assert str(tmp_path).encode() not in first.read_bytes()


def test_nothing_but_the_file_is_left_behind(tmp_path):
    steps = []
    write_demo_labels(
        tmp_path / "a.pkg.slp",
        frames=3,
        size=(64, 64),
        progress=lambda done, total: steps.append((done, total)),
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a.pkg.slp"]
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_the_demonstration_is_a_few_megabytes(tmp_path):
    path = write_demo_labels(tmp_path / "a.pkg.slp", frames=12)
    assert 0.1e6 < path.stat().st_size < 0.5e6


def test_other_file_names_are_refused_before_anything_is_made(tmp_path):
    with pytest.raises(UserError, match=r"ends in \.pkg\.slp"):
        write_demo_labels(tmp_path / "new" / "a.slp", frames=1)
    assert list(tmp_path.iterdir()) == []


def command(*words):
    return subprocess.run(
        [sys.executable, "-m", "sleapnn_engine", "demo-data", *map(str, words)],
        capture_output=True,
        text=True,
    )


def test_the_command_writes_what_it_says(tmp_path):
    path = tmp_path / "a.pkg.slp"
    done = command("-o", path, "--frames", 2, "--animals", 2, "--size", "128x96", "--species", "fly", "--rgb")
    assert done.returncode == 0, done.stderr
    assert str(path) in done.stdout
    assert "2 frames" in done.stdout
    labels = sleap_io.load_slp(str(path))
    assert labels.videos[0].shape == (2, 96, 128, 3)


@pytest.mark.parametrize("words", [("--size", "2x"), ("--species", "rat"), ("--frames", "0")])
def test_the_command_refuses_with_exit_code_2_and_no_traceback(tmp_path, words):
    done = command("-o", tmp_path / "a.pkg.slp", *words)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
