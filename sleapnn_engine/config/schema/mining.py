"""`trainer_config.online_hard_keypoint_mining`: more weight for the parts that are hardest to find."""

from typing import Optional

import attrs

from sleapnn_engine.config.meta import When, setting
from sleapnn_engine.config.model_types import keys_of

_MINING = When(
    path="trainer_config.online_hard_keypoint_mining.online_mining",
    values=(True,),
    says="Only used when hard keypoint mining is on.",
)
_PARTS = When(
    path="model_config.head_configs",
    values=(None, *keys_of(lambda kind: not kind.centroid)),
    says="Has no effect: this model type finds one point of each animal.",
)


@attrs.define(kw_only=True)
class HardKeypointMiningConfig:
    online_mining: bool = setting(
        False,
        label="Hard keypoint mining",
        doc="Gives the parts that are hardest to find a larger share of the loss.",
        kind="bool",
        when=(_PARTS,),
        legacy="optimization.hard_keypoint_mining.online_mining",
    )
    hard_to_easy_ratio: float = setting(
        2.0,
        label="Hard from",
        doc="A part counts as hard when its loss is at least this many times the easiest part's loss.",
        kind="float",
        unit="factor",
        minimum=1,
        maximum=1_000_000,
        step=0.5,
        when=(_PARTS, _MINING),
        legacy="optimization.hard_keypoint_mining.hard_to_easy_ratio",
    )
    min_hard_keypoints: int = setting(
        2,
        label="Fewest hard parts",
        doc="At least this many parts count as hard, whatever their loss.",
        kind="int",
        unit="count",
        minimum=0,
        maximum=10_000,
        when=(_PARTS, _MINING),
        legacy="optimization.hard_keypoint_mining.min_hard_keypoints",
    )
    max_hard_keypoints: Optional[int] = setting(
        None,
        label="Most hard parts",
        doc="At most this many parts count as hard.",
        kind="int",
        unit="count",
        minimum=1,
        maximum=10_000,
        null="No limit.",
        null_label="No limit",
        when=(_PARTS, _MINING),
        legacy="optimization.hard_keypoint_mining.max_hard_keypoints",
    )
    loss_scale: float = setting(
        5.0,
        label="Weight of hard parts",
        doc="Factor on the additional loss of the hard parts.",
        kind="float",
        unit="factor",
        above=0,
        maximum=1_000_000,
        step=0.5,
        when=(_PARTS, _MINING),
        legacy="optimization.hard_keypoint_mining.loss_scale",
    )
