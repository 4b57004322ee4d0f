"""`model_config.head_configs`: what the network is asked to find."""

from typing import Any, List, Optional

import attrs

from sleapnn_engine.config.meta import section, setting

_NOT = "Not the type of this model."


def _part_names() -> Any:
    return setting(
        None,
        label="Body parts",
        doc="Which parts to learn, and in which order; each makes one channel of the confidence maps.",
        kind="names",
        names_of="part",
        null="All parts of the skeleton, in its order.",
        null_label="All",
    )


def _anchor_part() -> Any:
    return setting(
        None,
        label="Anchor part",
        doc="The body part that marks the centre of an animal; where it is not visible, the middle of the animal's bounding box is used.",
        kind="text",
        names_of="part",
        null="The middle of the bounding box of all visible parts.",
        null_label="Box middle",
    )


def _centroid_method() -> Any:
    return setting(
        None,
        label="Centre of an animal",
        doc="How the centre of an animal is found, in files of sleap-nn 0.3.5 and in trained models: the part that is named as the anchor, the middle of the box around the visible parts, their mean, or their geometric median.",
        kind="text",
        null="The anchor where one is named, else the middle of the box; in files of sleap-nn 0.3 and later the mean.",
        edited=False,
    )


def _centroid_fallback() -> Any:
    return setting(
        None,
        label="Centre without the anchor",
        doc="What the centre is of an animal whose anchor part is not visible, in files of sleap-nn 0.3.5 and in trained models.",
        kind="text",
        null="The middle of the box; in files of sleap-nn 0.3 and later the mean.",
        edited=False,
    )


def _sigma(what: str = "confidence") -> Any:
    return setting(
        5.0,
        label="Spread",
        doc=f"Standard deviation of the bump that marks a part in the {what} maps; times the output stride it is in input pixels.",
        kind="float",
        unit="cells",
        above=0,
        maximum=1000,
        step=0.5,
        source="Released programs and presets mean sigma times output stride input pixels; the guide's text says input pixels.",
    )


def _output_stride(default: int = 1, doc: str = "", **more: Any) -> Any:
    return setting(
        default,
        label="Output stride",
        doc=doc or "Input pixels per cell of this map; 2 or 4 is much faster and slightly coarser.",
        kind="int",
        unit="px_input",
        minimum=1,
        maximum=1024,
        rule="power_of_two",
        **more,
    )


def _loss_weight(**more: Any) -> Any:
    return setting(
        None,
        label="Loss weight",
        doc="Multiplies this head's share of the total loss.",
        kind="float",
        unit="factor",
        minimum=0,
        maximum=1_000_000,
        step=0.1,
        null="Counts once, as 1.0 does.",
        null_label="1",
        advanced=True,
        **more,
    )


def _unused_weight() -> Any:
    return setting(
        None,
        label="Loss weight",
        doc="Written by some presets; a model with one head has nothing to weigh it against.",
        kind="float",
        minimum=0,
        maximum=1_000_000,
        null="No effect.",
        edited=False,
    )


def _classes() -> Any:
    return setting(
        None,
        label="Identities",
        doc="Names of the tracks to tell apart; each makes one class.",
        kind="names",
        names_of="track",
        null="All tracks of the labels, in their order.",
        null_label="All",
    )


@attrs.define(kw_only=True)
class SingleConfmaps:
    part_names: Optional[List[str]] = _part_names()
    sigma: float = _sigma()
    output_stride: int = _output_stride()
    loss_weight: Optional[float] = _unused_weight()


@attrs.define(kw_only=True)
class CentroidConfmaps:
    anchor_part: Optional[str] = _anchor_part()
    centroid_method: Optional[str] = _centroid_method()
    centroid_fallback: Optional[str] = _centroid_fallback()
    sigma: float = _sigma()
    output_stride: int = _output_stride()
    loss_weight: Optional[float] = _unused_weight()


@attrs.define(kw_only=True)
class CenteredConfmaps:
    part_names: Optional[List[str]] = _part_names()
    anchor_part: Optional[str] = _anchor_part()
    centroid_method: Optional[str] = _centroid_method()
    centroid_fallback: Optional[str] = _centroid_fallback()
    sigma: float = _sigma()
    output_stride: int = _output_stride()
    loss_weight: Optional[float] = _unused_weight()


@attrs.define(kw_only=True)
class MultiConfmaps:
    part_names: Optional[List[str]] = _part_names()
    sigma: float = _sigma()
    output_stride: int = _output_stride()
    loss_weight: Optional[float] = _loss_weight()


@attrs.define(kw_only=True)
class Pafs:
    edges: Optional[List[List[str]]] = setting(
        None,
        label="Limbs",
        doc="Pairs of part names, from and to, whose connecting fields are learned.",
        kind="edges",
        names_of="edge",
        null="All edges of the skeleton.",
        null_label="All",
    )
    sigma: float = setting(
        15.0,
        label="Width",
        doc="Width of the part affinity field beside each limb: it falls as exp(-d⁴ / 2·width²) with distance d in input pixels, and does not grow with the stride.",
        kind="float",
        unit="px_input_squared",
        above=0,
        maximum=1_000_000,
        step=5,
    )
    output_stride: int = _output_stride()
    loss_weight: Optional[float] = _loss_weight()


@attrs.define(kw_only=True)
class ClassMaps:
    classes: Optional[List[str]] = _classes()
    sigma: float = _sigma("class")
    output_stride: int = _output_stride()
    loss_weight: Optional[float] = _loss_weight()


@attrs.define(kw_only=True)
class TopDownConfmaps:
    part_names: Optional[List[str]] = _part_names()
    anchor_part: Optional[str] = _anchor_part()
    centroid_method: Optional[str] = _centroid_method()
    centroid_fallback: Optional[str] = _centroid_fallback()
    sigma: float = _sigma()
    output_stride: int = _output_stride()
    loss_weight: Optional[float] = _loss_weight()


@attrs.define(kw_only=True)
class ClassVectors:
    classes: Optional[List[str]] = _classes()
    num_fc_layers: int = setting(
        1,
        label="Dense layers",
        doc="Number of fully connected layers before the identity is decided.",
        kind="int",
        unit="count",
        minimum=0,
        maximum=64,
        advanced=True,
    )
    num_fc_units: int = setting(
        64,
        label="Units per layer",
        doc="Number of units in each fully connected layer.",
        kind="int",
        unit="count",
        minimum=1,
        maximum=16384,
        advanced=True,
    )
    global_pool: bool = setting(
        True,
        label="Pool over the crop",
        doc="Takes the maximum of each channel over the whole crop before the dense layers; off keeps every position.",
        kind="bool",
        advanced=True,
    )
    output_stride: int = _output_stride(
        16,
        "Input pixels per cell of the map the identity is read from; it must equal the backbone's max stride, also where a stem makes those cells twice as large.",
    )
    loss_weight: Optional[float] = _loss_weight()


def _confmaps(cls: type) -> Any:
    return section(cls, label="Confidence maps", doc="One map per part, with a bump where the part is.")


@attrs.define(kw_only=True)
class SingleInstanceConfig:
    confmaps: SingleConfmaps = _confmaps(SingleConfmaps)


@attrs.define(kw_only=True)
class CentroidConfig:
    confmaps: CentroidConfmaps = _confmaps(CentroidConfmaps)


@attrs.define(kw_only=True)
class CenteredInstanceConfig:
    confmaps: CenteredConfmaps = _confmaps(CenteredConfmaps)


@attrs.define(kw_only=True)
class BottomUpConfig:
    confmaps: MultiConfmaps = _confmaps(MultiConfmaps)
    pafs: Pafs = section(
        Pafs, label="Part affinity fields", doc="Arrows along each limb that join parts into animals (PAF)."
    )


@attrs.define(kw_only=True)
class MultiClassBottomUpConfig:
    confmaps: MultiConfmaps = _confmaps(MultiConfmaps)
    class_maps: ClassMaps = section(
        ClassMaps, label="Class maps", doc="One map per identity, high around that animal's parts."
    )


@attrs.define(kw_only=True)
class MultiClassTopDownConfig:
    confmaps: TopDownConfmaps = _confmaps(TopDownConfmaps)
    class_vectors: ClassVectors = section(
        ClassVectors, label="Class vectors", doc="One score per identity for the whole crop."
    )


@attrs.define(kw_only=True)
class HeadConfig:
    single_instance: Optional[SingleInstanceConfig] = section(
        SingleInstanceConfig,
        on=False,
        label="One animal",
        doc="Finds the parts of the only animal in view, in one pass over the whole image.",
        null=_NOT,
    )
    centroid: Optional[CentroidConfig] = section(
        CentroidConfig,
        on=False,
        label="Where are the animals",
        doc="Top-down, first half: finds the centre of every animal in the image.",
        null=_NOT,
    )
    centered_instance: Optional[CenteredInstanceConfig] = section(
        CenteredInstanceConfig,
        on=False,
        label="Parts of a cropped animal",
        doc="Top-down, second half: finds the parts of the animal in the middle of a crop.",
        null=_NOT,
    )
    bottomup: Optional[BottomUpConfig] = section(
        BottomUpConfig,
        on=False,
        label="Several animals at once",
        doc="Bottom-up: finds all parts of all animals, then joins them along their limbs.",
        null=_NOT,
    )
    multi_class_bottomup: Optional[MultiClassBottomUpConfig] = section(
        MultiClassBottomUpConfig,
        on=False,
        label="Several known animals at once",
        doc="Bottom-up with identities: finds all parts and says to which known animal each belongs.",
        null=_NOT,
    )
    multi_class_topdown: Optional[MultiClassTopDownConfig] = section(
        MultiClassTopDownConfig,
        on=False,
        label="Parts and identity of a crop",
        doc="Top-down with identities: finds the parts of a cropped animal and says which known animal it is.",
        null=_NOT,
    )
