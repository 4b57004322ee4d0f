"""What a validation measures: each figure once, with its unit, its names in files, its words and the line it is drawn as."""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum, StrEnum

import attrs

from sleapnn_engine.config.model_types import ModelType
from sleapnn_engine.protocol.fields import as_number


class Unit(Enum):
    """What a figure counts in."""

    PIXELS = "pixels of the source image"
    PERCENT = "percent"
    SHARE = "share from 0 to 1, which people read in percent"


class Group(StrEnum):
    """Which figures are drawn and told together; those that are drawn have one unit."""

    ERROR = "error"
    ANIMALS = "animals"
    POINTS = "points"


class Stroke(Enum):
    """How the lines of a group are told apart, the one that matters most first."""

    STRONG = "strong"
    DASHED = "dashed"
    DOTTED = "dotted"
    DASH_DOTTED = "dash-dotted"


@attrs.frozen
class Line:
    """A measure as a line over the epochs: the name beside its end, and how it is drawn."""

    name: str
    stroke: Stroke


@attrs.frozen(kw_only=True)
class Measure:
    """One figure of a validation; '' and None stand for places where it does not appear.

    `key` is its name in `PoseScores`, in events and in checkpoints, `doc` what the protocol's document says of it.
    `belongs` says which types of model have it; of the others it would say nothing. `always`: journals of every
    version have it.

    A figure with a `caption` is a headline: it stands large, in logs and in terminals. `brief` are the words behind its
    value where a few must do, `help` sentences in which keys stand for values, `if_zero` what a person should know
    when it is 0. `view` names the view that it leads.

    `column` is its column in `training_log.csv`, `theirs` are its names in the messages of sleap-nn, `listed` its name in `runs list --json`, `heading` and `heading_help`
    its column on the Runs page.
    """

    key: str
    doc: str
    unit: Unit
    group: Group
    belongs: Callable[[ModelType], bool] = lambda kind: True
    always: bool = False
    caption: str = ""
    brief: str = ""
    help: str = ""
    if_zero: str = ""
    view: str = ""
    column: str = ""
    theirs: tuple[str, ...] = ()
    listed: str = ""
    heading: str = ""
    heading_help: str = ""
    line: Line | None = None


def _counts(kind: ModelType) -> bool:
    """Counting animals is no merit where each sample is known to show one."""
    return not kind.one_animal


MEDIAN_PX = Measure(
    key="median_px",
    doc="median distance",
    unit=Unit.PIXELS,
    group=Group.ERROR,
    always=True,
    caption="median error",
    view="Error",
    theirs=("eval/val/distance/p50", "eval/val/centroid_dist_median"),
    listed="median_px",
    heading="Median error",
    heading_help="Distance to the labels, of the epoch whose model was kept",
    line=Line("median", Stroke.STRONG),
)
P90_PX = Measure(
    key="p90_px",
    doc="distance that nine in ten of the points found stay below",
    unit=Unit.PIXELS,
    group=Group.ERROR,
    always=True,
    line=Line("9 in 10 are nearer", Stroke.DOTTED),
)
OF_BODY = Measure(
    key="percent_of_body",
    doc="median as a share of body length, in percent",
    unit=Unit.PERCENT,
    group=Group.ERROR,
    always=True,
    brief="of body",
    listed="median_body_percent",
    heading="Of body",
    heading_help="The median error as a share of the length of an animal",
)
F1 = Measure(
    key="f1",
    doc="harmonic mean of both; null: one animal for each image",
    unit=Unit.SHARE,
    group=Group.ANIMALS,
    belongs=_counts,
    caption="animals found",
    brief="found",
    help="{recall} of the labelled animals were found, and {precision} of what was found is an animal; the large number "
    "is the balance of both (F1).",
    if_zero="The model finds no animal in the validation frames.",
    view="Animals",
    theirs=("eval/val/centroid_f1",),
    listed="f1",
    heading="Animals found",
    heading_help="Balance of animals missed and of finds that are none (F1); for models that find several",
    line=Line("animals found (F1)", Stroke.STRONG),
)

CLASS_ACCURACY = Measure(
    key="class_accuracy",
    doc="share of animals found with the right identity, 0 to 1",
    unit=Unit.SHARE,
    group=Group.ANIMALS,
    belongs=lambda kind: kind.identities,
    caption="right identity",
    brief="identified",
    help="{class_accuracy} of the animals found were given the right identity.",
    if_zero="The model gives no animal of the validation frames its right identity.",
    view="Identity",
    column="val/class_accuracy",
    listed="class_accuracy",
    heading="Identity",
    heading_help="Animals found that were given the right identity; for models that tell animals apart",
    line=Line("right identity", Stroke.DASHED),
)

#: How near a point has to lie to count, in percent of the median body.
NEAR = {"pck_10": 10, "pck_5": 5}


def _near(key: str, stroke: Stroke, *, view: str = "", if_zero: str = "") -> Measure:
    return Measure(
        key=key,
        doc="PCK: share of the labelled points of the animals found that are predicted within "
        f"{NEAR[key]} % of a body, 0 to 1",
        unit=Unit.SHARE,
        group=Group.POINTS,
        belongs=lambda kind: not kind.centroid,
        view=view,
        if_zero=if_zero,
        column=f"val/{key}",
        listed=key,
        line=Line(f"within {NEAR[key]} % of a body", stroke),
    )


PCK = _near(
    "pck_10",
    Stroke.STRONG,
    view="PCK",
    if_zero="The model finds no body part of the validation frames within 10 % of a body.",
)

MEAN_OKS = Measure(
    key="mean_oks",
    doc="mean OKS of the labelled animals, 0 for one that is missed, 0 to 1",
    unit=Unit.SHARE,
    group=Group.POINTS,
    belongs=lambda kind: not kind.centroid,
    column="val/mean_oks",
    listed="mean_oks",
    line=Line("mean OKS", Stroke.DOTTED),
)

#: All of them, in the order of files.
MEASURES = (
    MEDIAN_PX,
    P90_PX,
    OF_BODY,
    Measure(
        key="precision",
        doc="share of animals found that are labelled, 0 to 1",
        unit=Unit.SHARE,
        group=Group.ANIMALS,
        belongs=_counts,
        theirs=("eval/val/centroid_precision",),
        line=Line("precision", Stroke.DASH_DOTTED),
    ),
    Measure(
        key="recall",
        doc="share of labelled animals that are found, 0 to 1",
        unit=Unit.SHARE,
        group=Group.ANIMALS,
        belongs=_counts,
        theirs=("eval/val/centroid_recall",),
        line=Line("recall", Stroke.DOTTED),
    ),
    F1,
    CLASS_ACCURACY,
    PCK,
    _near("pck_5", Stroke.DASHED),
    MEAN_OKS,
    Measure(
        key="oks_map",
        doc="mAP of the OKS over thresholds of 0.5 to 0.95, in which each prediction that is no animal is wrong, 0 to 1",
        unit=Unit.SHARE,
        group=Group.POINTS,
        belongs=lambda kind: not kind.centroid,
        column="val/oks_map",
        listed="oks_map",
        line=Line("mAP (OKS)", Stroke.DASH_DOTTED),
    ),
)

#: Those that stand large, in logs and in terminals.
HEADLINES = tuple(measure for measure in MEASURES if measure.caption)


def lines_of(group: Group) -> list[tuple[Measure, Line]]:
    """What is drawn together, the line that matters most first."""
    drawn = [(measure, measure.line) for measure in MEASURES if measure.group is group and measure.line]
    return sorted(drawn, key=lambda pair: list(Stroke).index(pair[1].stroke))


@attrs.frozen
class Measured:
    """What one validation measured: `values` by the keys of their measures, `by_node` the median of each node in px.

    None stands where nothing was labelled or found, or the type of model has no such figure.
    """

    values: Mapping[str, float | None] = attrs.field(factory=dict)
    by_node: Mapping[str, float | None] = attrs.field(factory=dict)

    @classmethod
    def of(cls, body: object) -> "Measured":
        """Read the `error` part of an `epoch_end` event, or of a file; what is no number there is left out."""
        known = body if isinstance(body, Mapping) else {}
        nodes = known.get("by_node")
        return cls(
            {measure.key: as_number(known.get(measure.key)) for measure in MEASURES},
            {node: as_number(value) for node, value in nodes.items()} if isinstance(nodes, Mapping) else {},
        )

    def __getitem__(self, measure: Measure) -> float | None:
        return self.values.get(measure.key)

    @property
    def body(self) -> dict[str, object]:
        """As events and checkpoints have it."""
        return {**{measure.key: self[measure] for measure in MEASURES}, "by_node": dict(self.by_node)}

    def items(self, measures: tuple[Measure, ...] = MEASURES) -> Iterator[tuple[Measure, float]]:
        """Those of `measures` that were measured."""
        for measure in measures:
            value = self[measure]
            if value is not None:
                yield measure, value

    def headline(self, group: Group) -> Measure | None:
        """The figure that leads what a group shows; None where nothing of that was measured."""
        leading = tuple(measure for measure in MEASURES if measure.view)
        return next((measure for measure, _ in self.items(leading) if measure.group is group), None)
