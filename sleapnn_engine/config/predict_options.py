"""What `predict` can be told: every option once, for the command line and for the window."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.frame_ranges import parse_ranges
from sleapnn_engine.config.likeness import Likeness
from sleapnn_engine.config.model_types import ModelType
from sleapnn_engine.config.strategies import PRECISION_WORDS, PRECISIONS

#: Frames an animal may be gone and still be the same, where nothing else is said.
WINDOW = 5


class Group(StrEnum):
    """What options are about, in the words that stand above them."""

    FRAMES = "Frames"
    READING = "Reading the maps"
    TRACKING = "Following animals from frame to frame"
    LIMBS = "Joining parts along limbs (bottomup models)"
    COMPUTING = "Computing"


@attrs.frozen(kw_only=True)
class Option:
    """One option. `name` is that of the command line with underscores, `label` what the window calls it.

    `kind` is the type of its value, bool for one that is only given or not. A `default` of None means that nothing is
    said; `absent` is how the window calls that. A number lies within `limits`. `choice_words` is how the window calls choices whose own words say little. `needs` names an option without which this one means nothing.
    """

    name: str
    label: str
    help: str
    group: Group
    kind: type[str] | type[int] | type[float] | type[bool] = str
    default: Any = None
    absent: str = ""
    limits: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    choice_words: Mapping[str, str] = attrs.field(factory=dict)
    metavar: str | None = None
    needs: str = ""

    @property
    def flag(self) -> str:
        """The word of the command line."""
        return f"--{self.name.replace('_', '-')}"


OPTIONS: tuple[Option, ...] = (
    Option(
        name="frames",
        label="Frame numbers",
        help="frame numbers, counted from 0 (default: all; of labels, those in the file)",
        group=Group.FRAMES,
        absent="All",
        metavar="0-99,200",
    ),
    Option(
        name="video_index",
        label="Whole video",
        help="of labels: all frames of their video N, counted from 0",
        group=Group.FRAMES,
        kind=int,
        absent="Frames in the file",
        limits=(0, 10**6),
        metavar="N",
    ),
    Option(
        name="only_labelled",
        label="Only labelled frames",
        help="of labels: only frames on which a person has labelled animals",
        group=Group.FRAMES,
        kind=bool,
        default=False,
    ),
    Option(
        name="peak_threshold",
        label="Peak threshold",
        help="least height of a peak",
        group=Group.READING,
        kind=float,
        default=0.2,
        limits=(0, 1),
    ),
    Option(
        name="refinement",
        label="Refinement",
        help="points between the cells of the map (integral: centre of mass, as in sleap-nn; quadratic: a gaussian "
        "fitted, more exact where it is wide), or on them",
        group=Group.READING,
        default="integral",
        choices=("integral", "quadratic", "none"),
    ),
    Option(
        name="max_instances",
        label="Most animals",
        help="the most certain N animals of a frame",
        group=Group.READING,
        kind=int,
        absent="Any number",
        limits=(1, 1000),
        metavar="N",
    ),
    Option(
        name="identities",
        label="Identities",
        help="places count only for whom they speak most, or a little less",
        group=Group.READING,
        default="strict",
        choices=("strict", "lenient"),
    ),
    Option(
        name="tracking",
        label="Tracking",
        help="by overlap of boxes, similarity of points, or distance",
        group=Group.TRACKING,
        absent="Off",
        choices=tuple(map(str, Likeness)),
    ),
    Option(
        name="tracking_window",
        label="Frames unseen",
        help=f"frames an animal may be gone (default: {WINDOW})",
        group=Group.TRACKING,
        kind=int,
        absent=str(WINDOW),
        limits=(1, 1000),
        metavar="N",
        needs="tracking",
    ),
    Option(
        name="max_tracks",
        label="Most tracks",
        help="no more tracks than that in a video",
        group=Group.TRACKING,
        kind=int,
        absent="Any number",
        limits=(1, 1000),
        metavar="N",
        needs="tracking",
    ),
    Option(
        name="max_edge_length_ratio",
        label="Longest limb",
        help="share of the image a limb may span",
        group=Group.LIMBS,
        kind=float,
        default=0.25,
        limits=(0, 10),
    ),
    Option(
        name="dist_penalty_weight",
        label="Cost of longer limbs",
        help="what longer limbs cost",
        group=Group.LIMBS,
        kind=float,
        default=1.0,
        limits=(0, 1000),
    ),
    Option(
        name="n_points",
        label="Places along a limb",
        help="places looked at along a limb",
        group=Group.LIMBS,
        kind=int,
        default=10,
        limits=(2, 1000),
    ),
    Option(
        name="min_line_scores",
        label="Least agreement",
        help="least agreement of a limb, -1 to 1",
        group=Group.LIMBS,
        kind=float,
        default=0.25,
        limits=(-1, 1),
    ),
    Option(
        name="min_instance_peaks",
        label="Least points",
        help="least points of an animal; below 1, that share",
        group=Group.LIMBS,
        kind=float,
        default=0,
        limits=(0, 1000),
    ),
    Option(
        name="limbs",
        label="Choice of limbs",
        help="limbs of too little agreement are dropped after the choice, or not chosen from",
        group=Group.LIMBS,
        default="strict",
        choices=("strict", "lenient"),
    ),
    Option(
        name="batch_size",
        label="Batch size",
        help="frames at once, and of small crops up to 8 times as many",
        group=Group.COMPUTING,
        kind=int,
        default=4,
        limits=(1, 4096),
    ),
    Option(
        name="device",
        label="Device",
        help="auto, cpu, cuda, cuda:1, mps",
        group=Group.COMPUTING,
        default="auto",
    ),
    Option(
        name="precision",
        label="Number format",
        help="number format: 32 is full precision; half of it, bf16 or 16, is faster on graphics cards that have it",
        group=Group.COMPUTING,
        default="32",
        choices=PRECISIONS,
        choice_words=PRECISION_WORDS,
    ),
)

#: Every option by its name.
BY_NAME: Mapping[str, Option] = {option.name: option for option in OPTIONS}


def read_value(option: Option, text: str) -> Any:
    """The value that a text means; an empty one means the default. Raises UserError for one that means nothing."""
    text = text.strip()
    if not text:
        return option.default
    try:
        value = option.kind(text)
    except ValueError:
        what = "a whole number" if option.kind is int else "a number"
        within = "" if option.limits is None else f" from {option.limits[0]} to {option.limits[1]}"
        raise UserError(f"“{text}” is not {what}{within}.", where=option.flag, usage=True) from None
    nonsense = _nonsense(option, value)
    if nonsense is not None:
        raise nonsense
    return value


def complaints(values: Mapping[str, Any]) -> list[UserError]:
    """What makes no sense in values of options, by their names, whatever the models and the data are."""
    wrong = []
    for option in OPTIONS:
        nonsense = _nonsense(option, values[option.name])
        if nonsense is not None:
            wrong.append(nonsense)
    for option in OPTIONS:
        if option.needs and values[option.name] is not None and values[option.needs] is None:
            text = f"Animals are only followed with {BY_NAME[option.needs].flag}."
            wrong.append(UserError(text, where=option.flag, hint="Add it.", usage=True))
    return wrong


def read_device(name: str) -> tuple[str, int]:
    """Kind and number of a device: auto, cpu, gpu or cuda, cuda:1, mps. Raises UserError (usage) for other words.

    Whether this machine has it is another question.
    """
    kind, colon, number = name.partition(":")
    known = kind in ("auto", "cpu", "gpu", "cuda", "mps")
    if not known or (colon and not (kind == "cuda" and number.isdecimal())):
        raise UserError(
            f"There is no device “{name}”.",
            where=BY_NAME["device"].flag,
            hint="Use auto, cpu, cuda, cuda:1 and so on, or mps.",
            usage=True,
        )
    return kind, int(number or 0)


def require_data(path: Path) -> None:
    """Raise UserError (usage) unless there is something at the path of what is to be looked at."""
    if not path.exists():
        raise UserError(
            "There is no such file or folder.", where=str(path), hint="Check its path.", usage=True
        )


def option_words(values: Mapping[str, Any]) -> list[str]:
    """The words of a command line that say these values, without those that are so anyway."""
    words: list[str] = []
    for option in OPTIONS:
        value = values.get(option.name, option.default)
        if value == option.default:
            continue
        # With the equals sign a number below 0 is no option.
        words.append(option.flag if option.kind is bool else f"{option.flag}={value}")
    return words


def why_unused(what: str | Group, kinds: Sequence[ModelType], *, likeness: str | None = None) -> str:
    """Why models, in the order they work, have no use for an option or a group; '' where they have.

    `likeness` is what animals are compared by when they are followed.
    """
    rule = _RULES.get(what)
    return rule(kinds, likeness) if rule is not None else ""


def _limit(kinds: Sequence[ModelType], _: str | None) -> str:
    first = kinds[0]
    if not first.one_animal:
        return ""
    why = "looks at animals whose place is known" if first.cropped else "finds one animal on each frame"
    return f"A {first.key} model {why}, so there is nothing to limit."


def _limbs(kinds: Sequence[ModelType], _: str | None) -> str:
    if kinds[0].limbs:
        return ""
    return f"A {kinds[0].key} model does not join parts along limbs, so options of that have no effect."


def _identities(kinds: Sequence[ModelType], _: str | None) -> str:
    first = kinds[0]
    if first.identities and not first.one_animal:
        return ""
    return f"A {first.key} model does not tell animals apart by where their parts are, so there is no rule for that."


def _tracks(kinds: Sequence[ModelType], likeness: str | None) -> str:
    kind = kinds[-1]
    if kind.identities:
        return f"A {kind.key} model knows who is who, and its identities become tracks."
    if kind.one_animal and not kind.cropped:
        return f"A {kind.key} model finds one animal on each frame, so there is nothing to follow apart."
    if kind.centroid and likeness not in (None, Likeness.CENTER):
        flag = BY_NAME["tracking"].flag
        return (
            "Centres of animals have neither boxes nor parts to compare; follow them with "
            f"{flag} {Likeness.CENTER}."
        )
    return ""


_Rule = Callable[[Sequence[ModelType], str | None], str]
_RULES: Mapping[str, _Rule] = {
    "max_instances": _limit,
    "identities": _identities,
    Group.LIMBS: _limbs,
    Group.TRACKING: _tracks,
}


#: Options whose words have a grammar of their own.
_READERS: Mapping[str, Callable[[str], object]] = {"frames": parse_ranges, "device": read_device}


def _nonsense(option: Option, value: Any) -> UserError | None:
    if value is None:
        return None
    if option.name in _READERS:
        try:
            _READERS[option.name](value)
        except UserError as error:
            return error
    if option.limits is None or option.limits[0] <= value <= option.limits[1]:
        return None
    text = f"{value} is outside of what makes sense, {option.limits[0]} to {option.limits[1]}."
    return UserError(text, where=option.flag, usage=True)
