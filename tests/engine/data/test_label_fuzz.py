"""Every dataset and attribute of labels files, spoiled at random: labels come out, or words for a person; nothing else."""

import json
import shutil

import h5py
import numpy as np
import pytest
import shapely.geometry
import sleap_io as sio

from sleapnn_engine.data.describe import describe_labels, description_lines
from sleapnn_engine.data.labels import read_labels
from tests.engine.data.drawn import FOREIGN, labels, write_video

NUMBERS = (-1, -7, 1, 3, 99, 2**31, 2**40, 2**63 - 1, 0.5, np.nan, np.inf, -np.inf, 1e300)


def everything(project):
    """Add one of all that newer labels can hold."""
    skeleton, video = project.skeletons[0], project.videos[0]
    project.tracks = [sio.Track("one"), sio.Track("two")]
    project.identities = [sio.Identity("Anna", metadata={"sex": "f"})]
    project.categories = [sio.Category("fly")]
    for number, frame in enumerate(project.labeled_frames):
        animal = frame.instances[0]
        animal.track, animal.identity = project.tracks[number % 2], project.identities[0]
        animal.category = project.categories[0]
        animal.identity_embedding = sio.Embedding(np.arange(4.0))
        guess = sio.PredictedInstance.from_numpy(animal.numpy() + 1, skeleton=skeleton, score=0.5)
        animal.from_predicted = guess
        frame.instances.append(guess)
        frame.centroids += [sio.UserCentroid(x=5.0, y=60.0, category=project.categories[0])]
        frame.centroids += [sio.PredictedCentroid(x=9.0, y=60.0, score=0.4)]
        frame.masks.append(sio.UserSegmentationMask.from_numpy(np.eye(64, 96, dtype=bool)))
        frame.bboxes.append(sio.UserBoundingBox(1, 2, 30, 40))
        frame.rois.append(sio.UserROI(shapely.geometry.box(1, 2, 5, 6), name="arena"))
        frame.label_images.append(sio.UserLabelImage(np.eye(64, 96, dtype=np.int32)))
    project.labeled_frames.append(sio.LabeledFrame(video=video, frame_idx=9, is_negative=True))
    project.suggestions.append(sio.SuggestionFrame(video=video, frame_idx=3))
    project.event_types.append(sio.EventType("walk"))
    project.events.append(sio.UserEvent(project.event_types[0], video, 1, 4, subject=project.tracks[0]))
    camera = sio.Camera(name="top")
    session = sio.RecordingSession(camera_group=sio.CameraGroup(cameras=[camera]))
    session.add_video(video, camera)
    project.sessions.append(session)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Labels of a video, and the same with their images inside."""
    folder = tmp_path_factory.mktemp("files")
    write_video(folder / "a.mp4")
    rich = labels(folder / "l.slp", ["a.mp4"], edit=everything)
    package = folder / "l.pkg.slp"
    sio.save_slp(sio.load_slp(rich.as_posix()), package.as_posix(), embed="user", verbose=False)
    assert len(read_labels([rich]).labels) == len(read_labels([package]).labels) == 3
    return {"video": rich, "package": package}


class Spoiler:
    """Damages one thing in an open labels file; what it did stands in `told`."""

    def __init__(self, file, seed):
        self.file, self.random = file, np.random.default_rng(seed)
        self.told = ""

    def spoil(self):
        places = []
        self.file.visititems(lambda name, thing: places.append(name))
        name = self.pick(places)
        thing = self.file[name]
        if thing.attrs and (isinstance(thing, h5py.Group) or self.random.random() < 0.2):
            self.attribute(name)
        elif isinstance(thing, h5py.Group):
            self.instead(name)
        else:
            self.dataset(name)

    def pick(self, choices):
        return choices[self.random.integers(len(choices))]

    def dataset(self, name):
        data, attributes = self.file[name][()], dict(self.file[name].attrs)
        way = self.pick(["instead", "rows", "kind", "value", "value", "value", "column"])
        self.told = f"{way} of {name}"
        if way == "instead" or np.ndim(data) == 0:
            self.instead(name)
            return
        if way == "rows" and len(data):
            data = self.pick(
                [data[:0], data[:-1], np.concatenate([data, data]), data[::-1], data[None], data[0]]
            )
        elif way == "kind":
            kinds = ["f8", "i8", "u1", "S3", "?"]
            with np.errstate(all="ignore"):
                data = self.as_kind(data, self.pick(kinds))
        elif data.dtype.names and way == "column":
            left = list(self.random.permutation(data.dtype.names)[self.random.integers(2) :])
            data = data[left].astype([(column, data.dtype[column]) for column in left])
        elif len(data):
            data = self.with_value(data)
        self.put(name, data, attributes)

    def as_kind(self, data, kind):
        if data.dtype.names:
            spoiled = self.pick(data.dtype.names)
            types = [(n, kind if n == spoiled else data.dtype[n]) for n in data.dtype.names]
            rows = np.zeros(len(data), dtype=types)
            for column in data.dtype.names:
                rows[column] = data[column].astype(rows.dtype[column])
            return rows
        return np.zeros(data.shape, kind) if data.dtype.kind in "OS" else data.astype(kind)

    def with_value(self, data):
        row = tuple(self.random.integers(side) for side in data.shape)
        if data.dtype.names:
            column = self.pick(data.dtype.names)
            value = self.pick(NUMBERS)
            with np.errstate(all="ignore"):
                data[column][row] = np.array(value).astype(data.dtype[column])
            self.told += f" {column}[{row}] = {value}"
        elif data.dtype.kind in "OS":
            text = self.text(bytes(data[row]))
            data = np.array([text if place == row[0] else bytes(one) for place, one in enumerate(data)])
            self.told += f" [{row}] = {text!r}"
        else:
            with np.errstate(all="ignore"):
                data[row] = np.array(self.pick(NUMBERS)).astype(data.dtype)
        return data

    def text(self, text):
        """Another text in its place: damaged bytes, or another value somewhere in its JSON."""
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if isinstance(value, (dict, list)) and value and self.random.random() < 0.8:
            *way, last = self.pick([path for path in _paths(value) if path])
            holder = value
            for key in way:
                holder = holder[key]
            holder[last] = self.pick([None, -1, 99, "x", [], {}, True, 0.5, 10**30, "é\u0000", [[]]])
            return json.dumps(value).encode()
        changed = bytearray(text or b"x")
        changed[self.random.integers(len(changed))] = self.random.integers(256)
        return self.pick([bytes(changed), b"\xff\xfe", b"{", text[: len(text) // 2], b"null", b"1e999"])

    def attribute(self, name):
        attributes = self.file[name].attrs
        key = self.pick(list(attributes))
        stored = attributes[key]
        choice = self.pick(["gone", "text", "text", "text", "number", "array"])
        self.told = f"attribute {key} of {name}: {choice}"
        if choice == "gone":
            del attributes[key]
        elif choice == "text" and isinstance(stored, (bytes, np.bytes_, str)):
            text = self.text(stored.encode() if isinstance(stored, str) else bytes(stored))
            attributes[key] = np.bytes_(text)
            self.told += f" {text[:80]!r}"
        else:
            attributes[key] = self.pick([*NUMBERS[:5], 7.5, np.nan]) if choice == "number" else np.arange(3)

    def instead(self, name):
        """Something else under this name, or nothing."""
        choice = self.pick(["gone", "group", "number", "text", "empty", "nowhere", "elsewhere", "itself"])
        self.told += f" {name}: {choice}"
        del self.file[name]
        if choice == "group":
            self.file.create_group(name)
        elif choice == "number":
            self.file[name] = 3.5
        elif choice == "text":
            self.file[name] = "x"
        elif choice == "empty":
            self.file[name] = h5py.Empty("f8")
        elif choice != "gone":
            links = {"nowhere": h5py.SoftLink("/nothing"), "elsewhere": h5py.ExternalLink("no.h5", "/x")}
            self.file[name] = links.get(choice, h5py.SoftLink("/" + name))

    def put(self, name, data, attributes):
        del self.file[name]
        self.file.create_dataset(name, data=data).attrs.update(attributes)


def _paths(value, path=()):
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _paths(part, (*path, key))


@pytest.mark.parametrize("kind", ["video", "package"])
@pytest.mark.parametrize("seed", range(3))
def test_anything_spoiled_ends_in_labels_or_in_words(files, tmp_path, kind, seed):
    shutil.copy(files["video"].parent / "a.mp4", tmp_path)
    path = tmp_path / files[kind].name
    for number in range(30):
        shutil.copy(files[kind], path)
        with h5py.File(path, "r+") as file:
            spoiler = Spoiler(file, [seed, number])
            spoiler.spoil()
        facts = describe_labels([path], check_images=bool(number % 2))
        for said in (*facts["problems"], *facts["warnings"], *description_lines(facts)):
            assert not FOREIGN.search(said), (spoiler.told, said)
        assert facts["labeled_frames"] or facts["problems"], spoiler.told


def package_of(files, tmp_path, change):
    path = tmp_path / "l.pkg.slp"
    shutil.copy(files["package"], path)
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def put_numbers(*numbers):
    def change(file):
        del file["video0/frame_numbers"]
        if numbers:
            file["video0/frame_numbers"] = numbers

    return change


def put_bytes(file):
    rows = file["video0/video"][()]
    attributes = dict(file["video0/video"].attrs)
    del file["video0/video"]
    file.create_dataset("video0/video", data=[b"null"] * len(rows)).attrs.update(attributes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put_numbers(), "does not say of which frames its images are ('video0/frame_numbers' is missing)"),
        (put_numbers(0, 2, 2, 9), "holds several images of frame 2 ('video0/frame_numbers')"),
        (put_bytes, "what the package holds for it is no image"),
        (lambda file: file.__delitem__("video0/video"), "its images ('video0/video') are not in the package"),
        (put_numbers(50, 51, 52, 53), "the package holds no image for it"),
    ],
)
def test_a_package_whose_images_are_uncertain_is_refused_with_the_place(files, tmp_path, change, words):
    path = package_of(files, tmp_path, change)
    said = str(read_labels([path]).problems[0])
    assert words in said
    assert said.startswith(f"{path}: No labelled frame of video 0 can be read")


def test_an_image_that_is_not_in_a_package_is_left_out_with_its_place(files, tmp_path):
    reading = read_labels([package_of(files, tmp_path, put_numbers(0, 2, 7, 9))])
    assert len(reading.labels) == 2
    assert any("video 0 frame 4: the package holds no image for it" in w for w in reading.labels.warnings)


def test_what_is_beside_the_animals_is_told(files):
    text = " ".join(read_labels([files["video"]]).labels.warnings)
    assert "3 animals have an identity ('Anna'), which is not read" in text
    assert "3 animals have a category ('fly'), which is not read" in text
    assert "Not read: 3 masks, 3 boxes, 3 label images, 3 regions, 1 event, 1 recording session" in text
    assert "1 frame marked as empty" in text


@pytest.mark.parametrize("part", ["bboxes", "rois", "events", None])
def test_a_file_that_was_read_or_refused_is_not_held_open(files, tmp_path, part):
    path = tmp_path / "l.slp"
    shutil.copy(files["video"].parent / "a.mp4", tmp_path)
    shutil.copy(files["video"], path)
    if part:
        with h5py.File(path, "r+") as file:
            del file[part]
            file[part] = 1.0
    reading = read_labels([path])
    assert [f"its part '{part}' is damaged" in str(problem) for problem in reading.problems] == [True] * bool(
        part
    )
    with h5py.File(path, "r+"):
        pass
