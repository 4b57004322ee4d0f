"""The types of model there are: what each one's images show, what it finds, and the heads it has. Nothing else lists them."""

from collections.abc import Callable, Mapping

import attrs


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
        return "pafs" in self.heads

    @property
    def class_maps(self) -> bool:
        """Whether it says for every place which animal is there."""
        return "class_maps" in self.heads

    @property
    def class_vectors(self) -> bool:
        """Whether it says for the whole image which animal it shows."""
        return "class_vectors" in self.heads

    @property
    def identities(self) -> bool:
        """Whether it tells animals apart."""
        return self.class_maps or self.class_vectors


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
