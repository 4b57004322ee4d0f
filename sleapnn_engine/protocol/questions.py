"""What an editor may ask of the engine's `inspect` process, and what the answers carry."""

from typing import Any

from sleapnn_engine.protocol.fields import FLAG, INTEGER, TEXT, Field, Mode, Shape, list_of, record
from sleapnn_engine.protocol.verbs import Verb


def _is_object(value: Any, mode: Mode) -> bool:
    return isinstance(value, dict)


#: A config as plain values, as it would be saved.
CONFIG = Shape("object", _is_object)

_VALUES = Field("values", CONFIG, "the config as it stands in the editor; no file is read for it")

_SAMPLE = (_VALUES, Field("index", INTEGER, "place among the training samples, from 0", optional=True))
_SEED = Field("seed", INTEGER, "where chance starts, 0 without", optional=True)
_RULE = Field(
    "rule", TEXT, "`random`, as the config says, whole `video`s, or `stretch`es of neighbouring frames"
)

#: Predictions, and the labels beside them.
_COMPARED = (
    Field("file", TEXT, "labels file with predictions"),
    Field("truth", TEXT, "labels made by a person", optional=True),
    Field("anchor", TEXT, "of centres: the node that is the centre", optional=True),
    Field("centroid_method", TEXT, "of centres: what the centre is without that node", optional=True),
    Field("with_predictions", FLAG, "predicted animals of the labels count as labelled", optional=True),
)

#: A frame as an evaluation or a training names it.
_PLACE = record(
    Field("video", TEXT, "path of its video, as the labels have it or as it was found"),
    Field("frame", INTEGER, "frame number in that video"),
)

_MOVED = record(
    Field("old", TEXT, "path of a video as the labels have it; of a list of images the first"),
    Field("new", TEXT, "where it is now"),
)

_QUESTIONS = (
    Verb(
        name="describe",
        doc="What the labels of a config hold: what `sleapnn-engine describe --json` prints, of the training labels; "
        "besides `validation`, the same of the validation labels or null, and `test`, a list of the same of each labelled "
        "test file.",
        fields=(_VALUES,),
    ),
    Verb(
        name="check",
        doc="Everything that is wrong or doubtful with a config, its files and its labels: `issues`, each with `path`, "
        "`severity`, `message` and `fix` (null, or `label`, `set`, `remove`).",
        fields=(_VALUES,),
    ),
    Verb(
        name="derive",
        doc="Figures that settings and labels lead to, made by the functions that train; null where not known. "
        "`reason` says why where labels or settings allow none.",
        fields=(_VALUES,),
    ),
    Verb(
        name="advise",
        doc="How to train on the labels of a config: `advice`, what `sleapnn-engine advise --json` prints, judged by the "
        "config as it is; empty where the labels allow none.",
        fields=(_VALUES,),
    ),
    Verb(
        name="frames",
        doc="All labelled frames, those of validation files behind those of training files: `count`, `own`, how many are of "
        "training files, `measured`, `nodes`, `tracks`, `videos`, `warnings` of the split, and `reason`, why there is none. Arrays: "
        "`frames`, int32 (frames, 4): place of the video, frame number, animals, and what it is for (1 learned, 2 measured, 3 "
        "both); `shapes`, int32 (frames, 3): height, width, channels; `animals`, int32 (animals, 3): place of the frame, place in it, track or -1; `sizes`, float32, the body length of "
        "each, the diagonal of the box around it, px source; `covered`, float32, the largest share of that box that another one covers, -1 where none touches it.",
        fields=(_VALUES,),
    ),
    Verb(
        name="frame",
        doc="A labelled image: the array `image`, uint8 (height, width, channels), and `points`, `tracks`, `place`, "
        "`video`, `limbs` (pairs of places), `learned`, `measured`, `index`, `count`. Asked by place among the frames of "
        "`frames`, or by file, video and frame number.",
        fields=(
            _VALUES,
            Field("index", INTEGER, "place among the labelled frames, from 0", optional=True),
            Field("file", TEXT, "labels file", optional=True),
            Field("video", INTEGER, "number of the video in that file", optional=True),
            Field("frame", INTEGER, "frame number in that video", optional=True),
        ),
    ),
    Verb(
        name="thumbnails",
        doc="Labelled images, small: an array for each, named by its place; `failed` are those without a readable image.",
        fields=(_VALUES, Field("indices", list_of(INTEGER), "places among the labelled frames, 16 at most")),
    ),
    Verb(
        name="doctor",
        doc="What may be wrong with the labels: `findings`, each with `kind`, `title`, `detail`, `places` (pairs of a frame's place and "
        "the place of an animal on it, -1 for the whole frame), `doubt`, whether the labels themselves may be wrong there, and `fix` "
        "(null, or `label`, `set`).",
        fields=(_VALUES,),
    ),
    Verb(
        name="split",
        doc="Which frames would be set aside for validation: the array `parts`, uint8, as in `frames`; `learned`, `measured`, `leaks`, "
        "how many of those nearly repeat a training frame, `separate`, whether they come from files of their own, `videos`, "
        "`warnings`, `reason`.",
        fields=(_VALUES, _RULE),
    ),
    Verb(
        name="save_split",
        doc="Write the labels files that are learned from as two each, set apart by that rule, into a folder: `train` and `val`, "
        "the paths of what was written. Files that are there already are left alone, and none is written then.",
        fields=(_VALUES, _RULE, Field("folder", TEXT, "where to")),
    ),
    Verb(
        name="chain",
        doc="The way of a training sample to the network: `steps`, each with `name`, `pixels` (what its size is counted in), "
        "`width`, `height`, `channels`, `changes` and `picture`, the name of an array or null. As in all answers about a "
        "sample: `index`, `count`, `frame`, `place`, `animal`, `nodes`, `edges`.",
        fields=(*_SAMPLE, _SEED),
    ),
    Verb(
        name="crops",
        doc="A frame with the crops of its animals, a gallery of crops, and what crops of this and of other sizes hold: "
        "`side`, `found`, `input`, `field`, `animals`, `gallery`, `clipped`, `curve`; arrays `frame` and `crops`.",
        fields=(*_SAMPLE, _SEED),
    ),
    Verb(
        name="augment",
        doc="Draws of the training's own random changes of a sample: `draws` with `points` and what was `drawn`, `leaving`, "
        "the points that leave over many samples; array `draws`, uint8 (draws, height, width, channels).",
        fields=(*_SAMPLE, Field("draws", INTEGER, "how many, 6 without", optional=True), _SEED),
    ),
    Verb(
        name="targets",
        doc="What the heads are told to answer on a sample: `heads`, `bump`, `merging`, and `guide`, null or the head of confidence maps "
        "as the guide's words have it, with an array of that name; arrays `image`, `confmaps` uint8, "
        "`pafs` float16 (x and y of the strongest limb), `class_maps` uint8.",
        fields=(
            *_SAMPLE,
            Field("part", INTEGER, "the part whose bumps are shown, all without", optional=True),
        ),
    ),
    Verb(
        name="network",
        doc="The network block by block: `blocks` with `role`, `name`, `channels`, `rows`, `columns`, `stride`, `parameters` "
        "and `kept`, bytes that a training step keeps of it; `parameters`, `step`, bytes of a step, `batch`, `input`, `field`.",
        fields=(_VALUES,),
    ),
    Verb(
        name="skeleton",
        doc="A labelled frame to choose on, those with most parts shown first: `points` in px source, `width`, `height`, `tracks`, "
        "`all_tracks`, and `chosen`, by its role (`anchor`, `parts`, `limbs`, `identities`) the `key` that chooses it and its `value`. "
        "Where the model joins limbs, `fault` and `loose` say what keeps them from making one tree; `fix` as in `doctor`. Array `image`.",
        fields=(
            _VALUES,
            Field("index", INTEGER, "place among these frames, from 0", optional=True),
        ),
    ),
    Verb(
        name="schedule",
        doc="What learning rate and early stopping would have done, worked out by the code that trains: `val`, a validation loss for "
        "each epoch, of the last run in `folders` that learned from these labels, or of a typical curve where `run` is null; "
        "`rates`, the learning rate of each epoch, `falls`, epochs with a lower one than before, `best`, `stopped` (null where it "
        "goes on), `max_epochs`. Epochs are counted from 0.",
        fields=(
            _VALUES,
            Field("folders", list_of(TEXT), "run folders, or folders that hold some", optional=True),
        ),
    ),
    Verb(
        name="devices",
        doc="What this machine has to train on: `devices` with `name` as torch has it, `words`, `free` and `total` bytes (null where "
        "it has no memory of its own, or that is not known), `reason` why it cannot be used, '' where it can, and `set`, what "
        "chooses it; `chosen`, names of those that the config trains on, and `fault`, why it cannot.",
        fields=(_VALUES,),
    ),
    Verb(
        name="measure",
        doc="Ten real steps and a validation on the config's device, in a process of their own, of which nothing is kept: what "
        "`sleapnn-engine measure --json` prints; `failed` (`message`, `where`, `hint`, `fix`) where the steps could not be taken.",
        fields=(_VALUES,),
    ),
    Verb(
        name="prediction",
        doc="A frame of a file of predictions over its video: the array `image`, uint8 (height, width, channels), what a "
        "`frame` event tells, `count` of frames, `nodes`, `edges` (pairs of places) and `tracks`. Where `truth` has labels "
        "of the frame, they and the pairs are told too. Asked by place among the frames, or by video and frame number.",
        fields=(
            *_COMPARED,
            Field("index", INTEGER, "place among the frames, from 0", optional=True),
            Field("video", TEXT, "path of the video as the predictions or the labels have it", optional=True),
            Field("frame", INTEGER, "frame number in that video", optional=True),
        ),
    ),
    Verb(
        name="evaluation",
        doc="How far predictions are from labels: what `sleapnn-engine evaluate --json` prints.",
        fields=_COMPARED,
    ),
    Verb(
        name="suggest",
        doc="Write a labels file that lists frames as suggestions, in the order given, with the animals that are labelled "
        "and predicted on them. Answers its `path` and the number of `frames`.",
        fields=(
            Field("file", TEXT, "labels file that the frames are of"),
            Field("predicted", TEXT, "labels file with predictions of them", optional=True),
            Field("frames", list_of(_PLACE), "the frames"),
            Field("output", TEXT, "labels file to write"),
            Field("replace", FLAG, "a file that is there may be replaced; no without", optional=True),
        ),
    ),
    Verb(
        name="missing",
        doc="Labels of a config, and videos that they name, that are not where they were: `files`, each with `file` as the config "
        "has it, `there`, and `missing`, stored paths of videos with labelled frames; only those of which something is missing.",
        fields=(_VALUES,),
    ),
    Verb(
        name="relink",
        doc="Write a copy of labels beside them, over no other file, that names videos where they are now. Answers its `path`, what was "
        "`given` and what was `found` along with it, both {stored path: path}, and the stored paths still `missing`.",
        fields=(
            Field("file", TEXT, "labels file, which stays as it is"),
            Field("videos", list_of(_MOVED), "videos that are elsewhere"),
        ),
    ),
    Verb(name="ping", doc="Are you there? Answers `pid` and `engine`, whether what trains is installed."),
    Verb(
        name="cancel",
        doc="The answer to a question is not wanted any more. `heard` says whether that question was still open.",
        fields=(Field("id", INTEGER, "number of that question"),),
    ),
)

#: Every question by name.
QUESTIONS: dict[str, Verb] = {verb.name: verb for verb in _QUESTIONS}
