"""What `describe` says: stable keys, plain values, numbers that agree with the labels, and never an exception."""

import argparse
import json
import subprocess
import sys

import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.commands import describe as command
from sleapnn_engine.data.describe import VERSION, describe_labels, description_lines
from sleapnn_engine.evaluation.matching import body_sizes

KEYS = [
    "version", "files", "problems", "lost", "warnings", "labeled_frames", "frames_in_files", "empty_frames",
    "unreadable_frames", "negative_frames", "centroid_marks", "centroid_frames", "instances", "max_instances_per_frame", "instances_per_frame",
    "first_crowded", "nodes", "edges",
    "symmetries", "tracks", "untracked_instances", "instances_per_track", "frames_per_track", "image_sizes", "channels", "visibility",
    "instance_size", "instance_width", "instance_height", "body_length", "reach", "short_limb", "direction_spread", "touching", "videos",
]  # fmt: skip


def call(capsys, *words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    code = command.run(parser.parse_args([str(word) for word in words]))
    return code, capsys.readouterr().out


def test_the_keys_are_those_that_readers_rely_on(shared_data):
    facts = describe_labels([shared_data / "flies13_sex/val.pkg.slp"])
    assert list(facts) == KEYS
    assert facts["version"] == VERSION == 1
    assert list(facts["videos"][0]) == [
        "file", "number", "path", "name", "kind", "found", "size", "frame_count", "labeled_frames", "first", "last",
    ]  # fmt: skip


def test_the_numbers_agree_with_the_labels(shared_data):
    path = shared_data / "flies13_sex/val.pkg.slp"
    facts = describe_labels([path])
    stored = sio.load_slp(path.as_posix())
    points = np.stack([instance.numpy() for frame in stored.labeled_frames for instance in frame.instances])
    assert facts["labeled_frames"] == facts["frames_in_files"] == 35
    assert facts["instances"] == {"user": len(points), "predicted": 0, "used": len(points)}
    assert facts["nodes"] == stored.skeletons[0].node_names
    assert facts["edges"] == [list(edge) for edge in stored.skeletons[0].edge_names]
    assert facts["image_sizes"] == [{"height": 512, "width": 512, "channels": 1, "frames": 35}]
    seen = np.isfinite(points).all(-1).mean(0)
    np.testing.assert_allclose(list(facts["visibility"].values()), seen, atol=1e-4)
    sides = (np.nanmax(points, axis=1) - np.nanmin(points, axis=1)).max(axis=1)
    expected = {"min": sides.min(), "median": np.median(sides), "max": sides.max()}
    assert facts["instance_size"] == pytest.approx(expected, abs=0.06)
    lengths = body_sizes(points)
    expected = {"min": np.nanmin(lengths), "median": np.nanmedian(lengths), "max": np.nanmax(lengths)}
    assert facts["body_length"] == pytest.approx(expected, abs=0.06), "as evaluation measures a body"
    thorax = points[:, [facts["nodes"].index("thorax")]]
    farthest = np.nanmax(np.abs(points - thorax))
    assert facts["reach"]["thorax"] == pytest.approx(farthest, abs=0.01)
    assert list(facts["reach"]) == ["", *facts["nodes"]]
    assert sum(facts["instances_per_track"].values()) + facts["untracked_instances"] == len(points)
    assert [video["labeled_frames"] for video in facts["videos"]] == [25, 10]


@pytest.mark.parametrize("flag", [True, False])
def test_every_bad_file_is_described_in_plain_values(shared_data, flag):
    for path in sorted((shared_data / "bad").rglob("*.slp")):
        facts = describe_labels([path], check_images=flag)
        assert list(facts) == KEYS, path
        assert json.loads(json.dumps(facts, allow_nan=False)) == facts, path
        assert facts["problems"] or facts["labeled_frames"], path
        assert all(isinstance(line, str) for line in description_lines(facts))


def test_labels_that_cannot_be_trained_on_are_still_described(shared_data):
    facts = describe_labels([shared_data / "bad/02_missing_video/aeon_7_missing_videos.slp"])
    assert facts["labeled_frames"] == 65
    assert [video["found"] for video in facts["videos"]] == [False] * 7
    assert facts["image_sizes"] == []
    assert len(facts["problems"]) == 1
    assert facts["instance_size"]["max"] > 40
    predicted = describe_labels([shared_data / "bad/03_no_user_instances/predicted_only.pkg.slp"])
    assert predicted["instances"] == {"user": 0, "predicted": 24, "used": 0}
    assert predicted["instance_size"] is predicted["body_length"] is None
    assert set(predicted["visibility"].values()) == {0.0}


def test_mixed_sizes_are_counted(shared_data):
    facts = describe_labels([shared_data / "bad/11_images/mixed_sizes.pkg.slp"])
    assert sorted((s["width"], s["height"], s["frames"]) for s in facts["image_sizes"]) == [
        (169, 169, 4), (241, 203, 4), (288, 288, 4),
    ]  # fmt: skip
    assert describe_labels([shared_data / "bad/11_images/mixed_channels.pkg.slp"])["channels"] == [1, 3]


def test_the_command_prints_lines_or_json(shared_data, capsys):
    path = shared_data / "robot2_rgb/all.pkg.slp"
    code, text = call(capsys, path)
    assert code == 0
    assert "2 usable of 2" in text
    assert "560×320 px, 3 channels (2 frames)" in text
    code, text = call(capsys, path, "--json", "--skip-images")
    assert (code, json.loads(text)["labeled_frames"]) == (0, 2)


def test_the_command_counts_predictions_when_asked(shared_data, capsys):
    path = shared_data / "bad/03_no_user_instances/predicted_only.pkg.slp"
    assert json.loads(call(capsys, path, "--json")[1])["labeled_frames"] == 0
    assert json.loads(call(capsys, path, "--json", "--predictions")[1])["labeled_frames"] == 12


def test_a_file_that_cannot_be_read_ends_with_one(shared_data, capsys, tmp_path):
    code, text = call(capsys, shared_data / "robot2_rgb/all.pkg.slp", tmp_path / "absent.slp")
    assert code == 1
    assert "absent.slp: The labels file does not exist" in text
    assert "2 usable of 2" in text


def test_it_works_as_a_process(shared_data):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "sleapnn_engine",
            "describe",
            str(shared_data / "robot2_rgb/all.pkg.slp"),
            "--json",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout)["nodes"] == ["A", "B"]
