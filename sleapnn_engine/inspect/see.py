"""Each kind of question about what a setting does to the pictures, with the function that answers it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.inspect.chain import chain
from sleapnn_engine.inspect.crop_gallery import crops
from sleapnn_engine.inspect.draws import augment
from sleapnn_engine.inspect.network_table import network
from sleapnn_engine.inspect.scene import Scene
from sleapnn_engine.inspect.target_maps import targets

Found = tuple[dict[str, Any], dict[str, np.ndarray]]

#: Most draws of one answer.
MOST_DRAWS = 24


def _index(args: Mapping[str, Any]) -> int:
    return int(args.get("index", 0))


def _seed(args: Mapping[str, Any]) -> int:
    return int(args.get("seed", 0))


def _augment(scene: Scene, args: Mapping[str, Any]) -> Found:
    count = int(args.get("draws", 6))
    if not 1 <= count <= MOST_DRAWS:
        raise UserError(f"{count} draws cannot be made at once; 1 to {MOST_DRAWS} can.")
    return augment(scene, _index(args), count=count, seed=_seed(args))


#: Answers of the engine by their kind.
SIGHTS: Mapping[str, Callable[[Scene, Mapping[str, Any]], Found]] = {
    "chain": lambda scene, args: chain(scene, _index(args), seed=_seed(args)),
    "crops": lambda scene, args: crops(scene, _index(args), seed=_seed(args)),
    "augment": _augment,
    "targets": lambda scene, args: targets(scene, _index(args), part=args.get("part")),
    "network": lambda scene, args: (network(scene), {}),
}
