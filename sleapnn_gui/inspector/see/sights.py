"""What can be seen beside the form, which setting belongs to which sight, and when there is nothing to see."""

from collections.abc import Sequence

import attrs

from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.reader import BACKBONES, DATA, HEADS, MODEL, PREPROCESSING, TRAINER, ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.widgets.language import tr


@attrs.frozen(kw_only=True)
class EngineSight:
    """One sight: the engine's name for the question, words on its button, and what it shows in a sentence.

    `asks` is what it wants to know beside the config; those that want an `index` show one of many samples.
    """

    kind: str
    label: str
    tip: str
    asks: tuple[str, ...] = ("index", "seed")


SIGHTS = (
    EngineSight(
        kind="chain", label=tr("Chain"), tip=tr("From the image as it is stored to what the network gets")
    ),
    EngineSight(kind="crops", label=tr("Crop"), tip=tr("What crops of this size show of the animals")),
    EngineSight(kind="augment", label=tr("Augment"), tip=tr("Random changes as the training draws them")),
    EngineSight(
        kind="targets",
        label=tr("Targets"),
        tip=tr("What the network is told to answer"),
        asks=("index", "part"),
    ),
    EngineSight(
        kind="network",
        label=tr("Network"),
        tip=tr("The blocks of the network, with shapes and parameters"),
        asks=(),
    ),
    EngineSight(
        kind="skeleton",
        label=tr("Skeleton"),
        tip=tr("Choose centre, parts, limbs and identities on the animals"),
        asks=("index",),
    ),
    EngineSight(
        kind="schedule",
        label=tr("Schedule"),
        tip=tr("What learning rate and early stopping would have done on the last run"),
        asks=("folders",),
    ),
    EngineSight(
        kind="devices",
        label=tr("Devices"),
        tip=tr("What there is to train on, and how much memory is free"),
        asks=(),
    ),
)


@attrs.frozen(kw_only=True)
class Way:
    """Where a person goes so that there is something to see: by a `command` of the window, or to a `setting` or section."""

    words: str
    command: str = ""
    setting: str = ""


def head_label(name: str) -> str:
    """What the form calls a head, by the name of its section."""
    return next(
        tr(section.meta.label)
        for path, section in SPEC.sections.items()
        if path.startswith(HEADS) and section.name == name
    )


_AUGMENTATION = (DATA + "augmentation_config", DATA + "use_augmentations_train")
_CROPPING = tuple(PREPROCESSING + name for name in ("crop_size", "min_crop_size", "crop_padding"))
_LABELS = tuple(DATA + name for name in ("train_labels_path", "user_instances_only", "validation_fraction"))
_OF_EPOCHS = tuple(
    TRAINER + name for name in ("lr_scheduler", "optimizer.lr", "early_stopping", "max_epochs")
)
_DEVICES = tuple(
    TRAINER + name for name in ("trainer_accelerator", "trainer_devices", "trainer_device_indices")
)
_OF_LAYERS = ("num_fc_layers", "num_fc_units", "global_pool")
_OF_LOSS = ("loss_weight",)


def sight_of(path: str, view: ConfigReader) -> str:
    """The kind of sight that shows what a setting or section does; '' where none does."""
    name = path.rpartition(".")[2]
    if path.startswith(_AUGMENTATION):
        return "augment"
    if path in _CROPPING:
        return "crops"
    if path.startswith((PREPROCESSING[:-1], *_LABELS)):
        return "chain"
    if path.startswith((BACKBONES, MODEL + "pretrained", MODEL + "init_weights")):
        return "network"
    if path.startswith(_OF_EPOCHS):
        return "schedule"
    if path.startswith(_DEVICES):
        return "devices"
    if not path.startswith(HEADS) or name in _OF_LOSS:
        return ""
    if path in SPEC.keys and SPEC.keys[path].meta.names_of:
        return "skeleton"
    if name in _OF_LAYERS:
        return "network"
    return "targets"


def is_cropped(view: ConfigReader) -> bool:
    """Whether the model reads crops around single animals."""
    head = view.head().rpartition(".")[2]
    return head in MODEL_TYPES and MODEL_TYPES[head].cropped


def nothing_to_see(kind: str, view: ConfigReader) -> str:
    """Why a sight has nothing to show under this config, in a sentence that says what would change it; '' else."""
    if kind in ("schedule", "devices"):
        return ""
    if not view.value(DATA + "train_labels_path"):
        return _TEACHING[kind]
    if not view.head():
        return tr("Choose a type of model first; what is shown here follows from it.")
    if kind == "crops" and not is_cropped(view):
        return tr(
            "This type of model reads whole images, so nothing is cropped. "
            "Models that look at one animal at a time (top-down) do crop."
        )
    if kind == "augment" and not _is_augmented(view):
        return tr("Augmentation is switched off, so training shows every image as it is.")
    return ""


def way_out(kind: str, view: ConfigReader) -> Way | None:
    """Where that changes what `nothing_to_see` says."""
    if not view.value(DATA + "train_labels_path"):
        return Way(words=tr("Go to the Data page"), command="show_data")
    if not view.head() or kind == "crops":
        return Way(words=tr("Choose a type of model"), setting=HEADS)
    return Way(words=tr("Go to augmentation"), setting=DATA + "use_augmentations_train")


def reason_from(issues: Sequence[Issue], view: ConfigReader, *, said: str) -> tuple[str, Way | None]:
    """What the engine `said` is in the way, and where a person mends it, if it is one of these problems."""
    found = next((issue for issue in issues if issue.severity == "error" and issue.message in said), None)
    if found is None:
        return said, None
    if found.path == view.head():
        return found.message, Way(words=tr("Choose another preset"), command="apply_preset")
    if found.path == DATA + "train_labels_path":
        return found.message, Way(words=tr("Go to the Data page"), command="show_data")
    return found.message, Way(words=tr("Go to the setting"), setting=found.path)


def _is_augmented(view: ConfigReader) -> bool:
    return view.value(DATA + "use_augmentations_train") is not False and any(
        view.on(f"{DATA}augmentation_config.{part}") for part in ("geometric", "intensity")
    )


_NO_LABELS = tr("Choose labels on the Data page, and {} of your own animals.")
_TEACHING = {
    "chain": _NO_LABELS.format(tr("you see here what becomes of an image on its way to the network, on one")),
    "crops": _NO_LABELS.format(
        tr("you see here what a crop of this size holds and what it cuts off, on some")
    ),
    "augment": _NO_LABELS.format(tr("you see here the random changes that training makes, on one")),
    "targets": _NO_LABELS.format(tr("you see here how large a bump is that the network learns, on one")),
    "skeleton": _NO_LABELS.format(tr("you choose here the centre, the parts and the limbs, on one")),
    "network": tr(
        "Choose labels on the Data page: how many parts there are decides what the network looks like at its end."
    ),
}
