"""Labels files whose tables or texts contradict themselves: each opens or is refused in words, and the place is named."""

import json
import shutil

import h5py
import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.data.labels import read_labels
from tests.engine.data.drawn import FOREIGN, labels, write_video

TABLES = ("frames", "instances", "points", "pred_points", "negative_frames")
TEXTS = ("videos_json", "tracks_json", "suggestions_json")
VALUES = (-1, -7, 1, 3, 99, 2**40, 2**63 - 1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A small file with everything in it: two tracks, a prediction that was corrected, marks, an empty frame."""
    folder = tmp_path_factory.mktemp("whole")
    write_video(folder / "a.mp4")

    def edit(project):
        skeleton, video = project.skeletons[0], project.videos[0]
        project.tracks = [sio.Track("one"), sio.Track("two")]
        for number, frame in enumerate(project.labeled_frames):
            animal = frame.instances[0]
            animal.track = project.tracks[number % 2]
            guess = sio.PredictedInstance.from_numpy(animal.numpy() + 1, skeleton=skeleton, score=0.5)
            animal.from_predicted = guess
            frame.instances.append(guess)
            frame.centroids.append(sio.UserCentroid(x=5.0 + number, y=60.0))
        project.labeled_frames.append(sio.LabeledFrame(video=video, frame_idx=9, is_negative=True))
        project.suggestions.append(sio.SuggestionFrame(video=video, frame_idx=3))

    return labels(folder / "l.slp", ["a.mp4"], edit=edit)


@pytest.fixture
def damaged(whole, tmp_path):
    """Return a function that changes a copy of the file and says what reading it gives."""
    shutil.copy(whole.parent / "a.mp4", tmp_path / "a.mp4")

    def read(change):
        path = tmp_path / "l.slp"
        shutil.copy(whole, path)
        with h5py.File(path, "r+") as file:
            change(file)
        reading = read_labels([path], check_images=False)
        reading.labels.close()
        for said in (*map(str, reading.problems), *reading.labels.warnings):
            assert not FOREIGN.search(said), said
        assert len(reading.labels) or reading.problems
        assert all(problem.hint and problem.where for problem in reading.problems)
        return reading

    return read


def put(file, name, rows, **attributes):
    del file[name]
    file.create_dataset(name, data=rows).attrs.update(attributes)


def put_value(table, row, column, value):
    def change(file):
        rows = file[table][()]
        with np.errstate(all="ignore"):
            rows[column][row] = np.array(value).astype(rows.dtype[column])
        put(file, table, rows)

    return change


def put_texts(name, *rows):
    texts = [row.encode("latin-1") if isinstance(row, str) else json.dumps(row).encode() for row in rows]
    return lambda file: put(file, name, [np.bytes_(text) for text in texts])


def in_other_order(table):
    def change(file):
        rows = file[table][()]
        put(
            file,
            table,
            rows[list(rows.dtype.names)[::-1]].astype([(n, rows.dtype[n]) for n in rows.dtype.names[::-1]]),
        )

    return change


def link_to_nothing(file, name):
    del file[name]
    file[name] = h5py.SoftLink("/nothing")


def link_to_itself(file, name):
    del file[name]
    file[name] = h5py.SoftLink("/" + name)


def put_metadata(edit):
    def change(file):
        values = json.loads(file["metadata"].attrs["json"])
        edit(values)
        file["metadata"].attrs["json"] = np.bytes_(json.dumps(values))

    return change


def test_the_whole_file_opens(damaged):
    reading = damaged(lambda file: None)
    assert (len(reading.labels), reading.problems) == (3, ())
    assert reading.labels.counts.centroid_marks == 3
    assert reading.labels.counts.negative_frames == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put_value("instances", 2, "track", 5), "table 'instances', row 2: 'track' is 5, but the file has 2 tracks (0 to 1)"),
        (put_value("instances", 1, "skeleton", 3), "row 1: 'skeleton' is 3, but the file has 1 skeleton (0)"),
        (put_value("instances", 3, "instance_type", 7), "row 3: 'instance_type' is 7"),
        (put_value("instances", 0, "from_predicted", 77), "row 0: 'from_predicted' is 77, but no instance has"),
        (put_value("instances", 4, "instance_id", 0), "row 4: 'instance_id' is 0, as in an earlier row"),
        (put_value("instances", 0, "point_id_end", 90), "row 0: 'point_id_start' to 'point_id_end' are 0 to 90, but 'points' has 9 rows"),
        (put_value("instances", 1, "point_id_end", 2), "1 animal has 2 points, but the skeleton 's' has 3 nodes"),
        (put_value("instances", 2, "point_id_start", 0), "its rows 0 to 6 of 'points' belong to another row as well"),
        (put_value("frames", 1, "video", 4), "table 'frames', row 1: 'video' is 4, but the file has 1 video (0)"),
        (put_value("frames", 2, "instance_id_end", 99), "row 2: 'instance_id_start' to 'instance_id_end' are 4 to 99"),
        (put_value("frames", 1, "instance_id_start", 0), "belong to another row as well"),
        (lambda file: file.pop("pred_points"), "it has no table 'pred_points'"),
        (lambda file: file.pop("tracks_json"), "it has no list 'tracks_json'"),
        (lambda file: file["metadata"].attrs.pop("format_id"), "does not say its format"),
        (lambda file: file["metadata"].attrs.__setitem__("format_id", 3.1), "format 3.1, written by a newer SLEAP"),
        (lambda file: file["metadata"].attrs.__setitem__("format_id", 1.1), "column 'tracking_score', which its format 1.1"),
        (in_other_order("frames"), "column 0 of table 'frames' is 'instance_id_end', where its format 1.4 has 'frame_id'"),
        (in_other_order("instances"), "column 0 of table 'instances' is 'tracking_score'"),
        (lambda file: link_to_nothing(file, "points"), "it has no table 'points'"),
        (lambda file: link_to_itself(file, "frames"), "'frames' is there, but cannot be opened"),
        (lambda file: put(file, "videos_json", h5py.Empty("f8")), "'videos_json' is no list of texts"),
        (put_texts("tracks_json", [0, "one"], "{"), "row 1 of 'tracks_json' is damaged"),
        (put_texts("videos_json", {"backend": {}}), "row 0 of 'videos_json' is damaged: it names no file"),
        (put_texts("suggestions_json", {"video": "8", "frame_idx": 1}), "row 0 of 'suggestions_json' names no video"),
        (put_metadata(lambda m: m["skeletons"][0]["links"][1].update(target=9)), "its link 1 ends at node 9"),
        (put_metadata(lambda m: m["skeletons"][0]["nodes"][2].update(id=5)), "its node 2 is number 5 of the 3 nodes"),
        (put_metadata(lambda m: m["nodes"][0].pop("name")), "a node has no name"),
        (put_metadata(lambda m: m.pop("skeletons")), "list of skeletons"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_table_row_and_value(damaged, change, words):
    (problem,) = damaged(change).problems
    assert words in str(problem)


def test_rows_that_belong_to_no_frame_are_told(damaged):
    reading = damaged(put_value("frames", 2, "instance_id_end", 4))
    assert any(
        "2 animals of table 'instances' belong to no frame" in said for said in reading.labels.warnings
    )


@pytest.mark.parametrize("table", TABLES)
def test_any_number_in_any_column_ends_in_labels_or_in_words(damaged, whole, table):
    with h5py.File(whole, "r") as file:
        columns, rows = file[table].dtype.names, len(file[table])
    for column in columns:
        for row in {0, rows - 1}:
            for value in VALUES:
                damaged(put_value(table, row, column, value))


@pytest.mark.parametrize("table", TABLES)
def test_columns_of_another_kind_end_in_labels_or_in_words(damaged, whole, table):
    with h5py.File(whole, "r") as file:
        stored = file[table][()]
    for column in stored.dtype.names:
        for kind, value in (
            ("f8", np.nan),
            ("f8", 0.5),
            ("f8", np.inf),
            ("i8", -5),
            ("S4", b"abc"),
            ("f8", None),
        ):
            types = [(name, kind if name == column else stored.dtype[name]) for name in stored.dtype.names]
            rows = np.zeros(len(stored), dtype=types)
            for name in stored.dtype.names:
                with np.errstate(invalid="ignore"):
                    rows[name] = stored[name].astype(rows.dtype[name])
            if value is not None:
                rows[column][-1] = value
            damaged(lambda file, rows=rows: put(file, table, rows))
        left = [name for name in stored.dtype.names if name != column]
        damaged(
            lambda file, left=left: put(
                file, table, stored[left].astype([(n, stored.dtype[n]) for n in left])
            )
        )
    flat = np.zeros((len(stored), len(stored.dtype.names)))
    for rows in (stored[:-1], stored[:0], flat, np.float64(3), np.array([b"x"])):
        damaged(lambda file, rows=rows: put(file, table, rows))
    damaged(lambda file: file.pop(table))
    damaged(lambda file: (file.pop(table), file.create_group(table)))


def test_tables_without_columns_but_with_their_names_are_read(damaged, whole):
    def flatten(file):
        for table in TABLES[:4]:
            rows = file[table][()]
            kind = int if table == "frames" else float
            flat = np.column_stack([rows[name].astype(kind) for name in rows.dtype.names])
            put(file, table, flat, field_names=json.dumps(rows.dtype.names))

    assert (len(damaged(flatten).labels), damaged(flatten).problems) == (3, ())


@pytest.mark.parametrize("name", TEXTS)
def test_any_text_ends_in_labels_or_in_words(damaged, whole, name):
    with h5py.File(whole, "r") as file:
        first = json.loads(file[name][0])
    rows = [None, 3, "x", [], {}, [[]], [0], "{", "", "\xff", True, {"backend": None}, {"backend": []}]
    for part in first if isinstance(first, dict) else ():
        rows += [{**first, part: value} for value in (None, -1, 99, "x", [], {}, [None])]
    for part in first.get("backend", ()) if isinstance(first, dict) else ():
        for value in (None, -1, 99, "x", [], {}, [None], [1, 2, 3, 4], [0, 0, 0, 0], ""):
            rows.append({**first, "backend": {**first["backend"], part: value}})
    for row in rows:
        damaged(put_texts(name, row))
    damaged(lambda file: put(file, name, np.float64(1)))
    damaged(lambda file: file.pop(name))


@pytest.mark.parametrize("seed", range(4))
def test_any_description_of_skeletons_ends_in_labels_or_in_words(damaged, seed):
    random = np.random.default_rng(seed)

    def places(value, path=()):
        yield path
        parts = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for key, part in parts:
            yield from places(part, (*path, key))

    def spoil(metadata):
        every = [path for path in places(metadata) if path and path[0] in ("skeletons", "nodes")]
        *way, last = every[random.integers(len(every))]
        holder = metadata
        for key in way:
            holder = holder[key]
        choice = [None, -1, 99, "x", [], {}, True, 0.5][random.integers(8)]
        holder[last] = choice

    for _ in range(60):
        damaged(put_metadata(spoil))


@pytest.mark.parametrize(
    "column", ["x", "y", "video", "frame_idx", "track", "instance", "is_predicted", "score", "category"]
)
def test_centroid_marks_that_contradict_themselves_end_in_labels_or_in_words(damaged, column):
    for rows in (
        np.full(3, -1),
        np.full(3, 10**9),
        np.full(2, 0),
        np.full(3, np.nan),
        np.array([b"a", b"b", b"c"]),
    ):
        damaged(lambda file, rows=rows: put(file["centroids"], column, rows))
    damaged(lambda file: file["centroids"].pop(column))
