"""The types of model there are and the heads they are made of. Nothing else lists either."""

from collections.abc import Callable, Mapping

import attrs


@attrs.frozen(kw_only=True)
class HeadTraits:
    """What the config and the window know of a kind of head; `sleapnn_engine/heads` has a file for each.

    `key` is the name of its section within that of a type of model, and of its file.

    `column` is what other programs call its loss, after "train/" and "val/". `identities`: it tells animals apart, and
    learns the classes of its section. `limbs`: it joins parts along the limbs of its section. `maps`: it draws maps at
    its own output stride; one that does not says one thing of the whole image, read at the backbone's max stride.
    `mined`: its channels are parts or limbs, some of which can be hard to learn. `words` is what people call its maps.
    """

    key: str
    column: str
    identities: bool = False
    limbs: bool = False
    maps: bool = True
    mined: bool = False
    words: str = ""


#: All heads by their keys.
HEADS: Mapping[str, HeadTraits] = {
    head.key: head
    for head in (
        HeadTraits(key="confmaps", column="confmaps_loss", mined=True, words="confidence"),
        HeadTraits(key="pafs", column="paf_loss", limbs=True, mined=True, words="PAFs"),
        HeadTraits(key="class_maps", column="classmap_loss", identities=True, words="class maps"),
        HeadTraits(key="class_vectors", column="classvector_loss", identities=True, maps=False),
    )
}


@attrs.frozen(kw_only=True)
class ModelType:
    """One type of model; `key` is the name of its section in `model_config.head_configs`.

    `heads` are its heads in the order of checkpoint and loss: name of the config section -> name in the checkpoint.
    `cropped`: its images are crops around one animal each. `one_animal`: every image shows exactly one animal, so that
    what is found belongs to it however far off it is. `centroid`: it finds one point of each animal and no body parts.
    """

    key: str
    heads: Mapping[str, str]
    cropped: bool = False
    one_animal: bool = False
    centroid: bool = False

    @property
    def limbs(self) -> bool:
        """Whether it joins parts to animals along limbs."""
        return any(HEADS[key].limbs for key in self.heads)

    def pairs_with(self, other: "ModelType") -> bool:
        """Whether the two work as one: the first finds animals by their centre, the second looks at each, or vice versa."""
        return (self.centroid and other.cropped) or (self.cropped and other.centroid)

    @property
    def identities(self) -> bool:
        """Whether it tells animals apart."""
        return bool(self.identity_heads)

    @property
    def identity_heads(self) -> tuple[str, ...]:
        """The heads that tell animals apart, by their keys."""
        return tuple(key for key in self.heads if HEADS[key].identities)

    @property
    def whole_image(self) -> str | None:
        """The head that says of the whole image which animal it shows, by its name in the checkpoint; None for none."""
        heads = self.heads.items()
        return next((name for key, name in heads if HEADS[key].identities and not HEADS[key].maps), None)


#: All types by their keys, in the order of the form.
MODEL_TYPES: Mapping[str, ModelType] = {
    kind.key: kind
    for kind in (
        ModelType(key="single_instance", heads={"confmaps": "SingleInstanceConfmapsHead"}, one_animal=True),
        ModelType(key="centroid", heads={"confmaps": "CentroidConfmapsHead"}, centroid=True),
        ModelType(
            key="centered_instance",
            heads={"confmaps": "CenteredInstanceConfmapsHead"},
            cropped=True,
            one_animal=True,
        ),
        ModelType(
            key="bottomup",
            heads={"confmaps": "MultiInstanceConfmapsHead", "pafs": "PartAffinityFieldsHead"},
        ),
        ModelType(
            key="multi_class_bottomup",
            heads={"confmaps": "MultiInstanceConfmapsHead", "class_maps": "ClassMapsHead"},
        ),
        ModelType(
            key="multi_class_topdown",
            heads={"confmaps": "CenteredInstanceConfmapsHead", "class_vectors": "ClassVectorsHead"},
            cropped=True,
            one_animal=True,
        ),
    )
}


def keys_of(belongs: Callable[[ModelType], bool]) -> tuple[str, ...]:
    """Keys of the types that a rule holds for, in the order of the form."""
    return tuple(key for key, kind in MODEL_TYPES.items() if belongs(kind))
