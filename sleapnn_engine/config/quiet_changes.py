"""Which random changes of images never happen, or change nothing where they do, under a config."""

import attrs

from sleapnn_engine.config.idle_settings import idle_reason, is_never_drawn
from sleapnn_engine.config.reader import DATA, GEOMETRIC, INTENSITY, ConfigReader
from sleapnn_engine.config.spec import SPEC


@attrs.frozen(kw_only=True)
class Change:
    """One random change of images: its words, and the values of its keys, all together, that change nothing.

    No values for one that changes something however little it goes.
    """

    label: str
    section: str
    name: str
    nothing: dict[str, float] = attrs.field(factory=dict)

    @property
    def far(self) -> str:
        """A path of what says how far it goes, which only counts where it is drawn."""
        return f"{self.section}{self.name}_"


CHANGES = (
    Change(
        label="rotation", section=GEOMETRIC, name="rotation", nothing={"rotation_min": 0, "rotation_max": 0}
    ),
    Change(label="scaling", section=GEOMETRIC, name="scale", nothing={"scale_min": 1, "scale_max": 1}),
    Change(
        label="shift",
        section=GEOMETRIC,
        name="translate",
        nothing={"translate_width": 0, "translate_height": 0},
    ),
    Change(label="erasing", section=GEOMETRIC, name="erase"),
    Change(
        label="mixing",
        section=GEOMETRIC,
        name="mixup",
        nothing={"mixup_lambda_min": 0, "mixup_lambda_max": 0},
    ),
    Change(
        label="contrast", section=INTENSITY, name="contrast", nothing={"contrast_min": 1, "contrast_max": 1}
    ),
    Change(
        label="brightness",
        section=INTENSITY,
        name="brightness",
        nothing={"brightness_min": 1, "brightness_max": 1},
    ),
    Change(
        label="Gaussian noise",
        section=INTENSITY,
        name="gaussian_noise",
        nothing={"gaussian_noise_mean": 0, "gaussian_noise_std": 0},
    ),
    Change(
        label="uniform noise",
        section=INTENSITY,
        name="uniform_noise",
        nothing={"uniform_noise_min": 0, "uniform_noise_max": 0},
    ),
)

_USE = DATA + "use_augmentations_train"


def change_of(path: str) -> Change | None:
    """The change that a key belongs to; None for other keys, and those of all changes together."""
    return next((change for change in CHANGES if path.startswith(f"{change.section}{change.name}_")), None)


def why_quiet(view: ConfigReader, change: Change) -> str:
    """'' where the change is seen, else why not: words behind “because”."""
    if view.value(_USE) is False:
        return "augmentation is switched off"
    if not view.on(change.section[:-1]):
        return f"{SPEC.sections[change.section[:-1]].meta.label.lower()} is switched off"
    if is_never_drawn(view, change.far):
        return "its chance is 0"
    values = {name: view.number(change.section + name) for name in change.nothing}
    return "its range is empty" if change.nothing and values == change.nothing else ""


def describe_quiet_change(view: ConfigReader, path: str) -> str:
    """What to say where the setting in hand belongs to a change that does nothing; '' where it does something."""
    change = change_of(path)
    if change is None:
        return idle_reason(view, path) if path in SPEC.keys else ""
    why = why_quiet(view, change)
    return f"{change.label[0].upper()}{change.label[1:]} does nothing: {why}." if why else ""
