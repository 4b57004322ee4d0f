"""A trained model out of its run folder: config, best checkpoint, skeleton; ours, sleap-nn's, and SLEAP's `.h5` ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import torch

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_model_job, centring_of, model_type, with_centre
from sleapnn_engine.config.centring import VERSION, Centring, usual
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.model_types import HEADS, ModelType
from sleapnn_engine.config.run_models import CONFIGS, WEIGHTS, values_of
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.text_format import first_few
from sleapnn_engine.data.geometry import PLACES, InputPlan, Size
from sleapnn_engine.data.samples import CropPlan
from sleapnn_engine.decoding.animals import PoseNames
from sleapnn_engine.inference.input_plans import crop_plan, frame_plan
from sleapnn_engine.models.assemble import PoseModel, build_network
from sleapnn_engine.models.keras_file import enlarge_from_corner, read_keras
from sleapnn_engine.models.network_match import refuse_misfit
from sleapnn_engine.models.start import KERAS_SUFFIXES, PARTS, first_channels, load_part_from
from sleapnn_engine.models.weights import OWN_SECTION, PREFIX, first_broken_tensor, places_of, read_checkpoint

_SUFFIXES = (".ckpt", *KERAS_SUFFIXES)


@attrs.frozen(eq=False, kw_only=True)
class Trained:
    """One trained model, its network on the CPU with the trained weights.

    `weights` is the file they are from; `names` are what it finds, with the edges of its skeleton; `limbs` are the
    edges that it joins parts along. `notes` are sentences on what should be known of it, and `places` says where
    its targets lay (`geometry.PLACES`).
    """

    weights: Path
    job: Job
    network: PoseModel
    names: PoseNames
    limbs: tuple[tuple[str, str], ...] = ()
    crops: CropPlan | None = None
    places: int = PLACES
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> ModelType:
        """Its type of model."""
        return model_type(self.job)

    @property
    def channels(self) -> int:
        """Channels of the images that it reads, 1 or 3."""
        return self.network.backbone.shape.in_channels

    @property
    def centring(self) -> Centring:
        """Which point of an animal is its centre, for models of centres and crops."""
        return centring_of(self.job)

    def plan(self, size: Size) -> InputPlan:
        """How images of a size (height, width, channels) become network input, or what crops are cut from."""
        return attrs.evolve(frame_plan(self.job, [size], places=self.places), channels=self.channels)


def read_trained(path: Path) -> Trained:
    """Read the model of a run folder, or the one of a checkpoint in it.

    The best checkpoint of a folder is its `best.ckpt`, or the `best_model.h5` of SLEAP 1.4. Raises UserError (usage)
    when there is no such folder or something is missing in it, and UserError when what is there cannot be used.
    """
    path = Path(path).expanduser().absolute()
    folder = path if path.is_dir() else path.parent
    config, weights = _config_in(path, folder), _weights_in(path, folder)
    keras = weights.suffix.lower() in KERAS_SUFFIXES
    content = (
        _keras_content(weights) if keras else read_checkpoint(weights, setting=str(weights), mapped=True)
    )
    values = values_of(config)
    # What this program trained before it wrote the centre down has the usual one, whoever wrote the first config.
    unsaid = usual(None if OWN_SECTION in content else values.get(VERSION))
    job = with_centre(build_model_job(values), unsaid=unsaid)
    state = {
        name.removeprefix(PREFIX): value
        for name, value in content["state_dict"].items()
        if isinstance(value, torch.Tensor)
    }
    names, limbs = _names(job, values, where=str(config))
    places = places_of(content)
    crops = _crops(job, places=places, where=str(config))
    build = partial(
        build_network,
        job.model_config,
        model_type=model_type(job).key,
        n_nodes=len(names.nodes),
        n_edges=len(limbs),
        n_classes=len(names.classes),
        in_channels=_channels(state, values, job, where=str(weights)),
        input_size=None if crops is None else (crops.input_side, crops.input_side),
    )
    network = build() if keras else _without_start(build)
    notes = _load_keras(network, weights) if keras else _load(network, state, weights)
    network.eval()
    return Trained(
        weights=weights,
        job=job,
        network=network,
        names=names,
        limbs=limbs,
        crops=crops,
        places=places,
        notes=notes,
    )


def _config_in(path: Path, folder: Path) -> Path:
    if not path.exists():
        raise UserError(
            "There is no such run folder.",
            where=str(path),
            hint="Give the folder that training printed.",
            usage=True,
        )
    if not path.is_dir() and path.name not in CONFIGS and path.suffix.lower() not in _SUFFIXES:
        raise UserError(
            "This is no run folder and no checkpoint.",
            where=str(path),
            hint=f"Give the folder of a training, or a {' or '.join(_SUFFIXES[:2])} file in it.",
            usage=True,
        )
    for name in CONFIGS:
        if (folder / name).is_file():
            return folder / name
    raise UserError(
        f"This folder holds no trained model: there is no {CONFIGS[0]} in it.",
        where=str(folder),
        hint="Give the folder that training printed.",
        usage=True,
    )


def _weights_in(path: Path, folder: Path) -> Path:
    if path.suffix.lower() in _SUFFIXES:
        return path
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    others = sorted(file.name for file in folder.glob("*.ckpt"))
    raise UserError(
        f"There is no {WEIGHTS[0]} in this run folder.",
        where=str(folder),
        hint=f"Give the checkpoint to use itself: {first_few(others)}."
        if others
        else "The training has saved no model: trainer_config.save_ckpt was off, or it ended before its first epoch did.",
        usage=True,
    )


def _keras_content(weights: Path) -> dict[str, Any]:
    # SLEAP reads its crops where they are.
    return {"state_dict": read_keras(weights, setting=str(weights)), OWN_SECTION: {}}


def _names(
    job: Job, values: Mapping[str, Any], *, where: str
) -> tuple[PoseNames, tuple[tuple[str, str], ...]]:
    """What the model finds, and the edges that it joins parts along."""
    kind = model_type(job)
    section = getattr(job.model_config.head_configs, kind.key)
    if kind.centroid:
        return PoseNames.centroid(), ()
    nodes, edges, symmetries = _skeleton(values)
    nodes = tuple(section.confmaps.part_names or nodes)
    if not nodes:
        raise _not_said("which body parts the model finds", "part_names", where)
    limbs, classes = edges, ()
    for name in kind.heads:
        if HEADS[name].limbs and (edges_set := getattr(section, name).edges):
            limbs = tuple((str(a), str(b)) for a, b in edges_set)
        if HEADS[name].identities:
            classes = tuple(getattr(section, name).classes or ())
            if not classes:
                raise _not_said("which identities the model knows", f"{name}.classes", where)
    return (
        PoseNames(
            nodes=nodes,
            edges=_among(edges, nodes),
            symmetries=_among(symmetries, nodes),
            classes=classes,
        ),
        _among(limbs, nodes) if kind.limbs else (),
    )


def _not_said(what: str, key: str, where: str) -> UserError:
    return UserError(
        f"The config does not say {what} ({key}).", where=where, hint="Use the folder as training left it."
    )


def _skeleton(
    values: Mapping[str, Any],
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Nodes, edges and symmetries of the skeleton that a config holds, by name; empty where it holds none."""
    listed = tree.get(values, "data_config.skeletons")
    first = listed[0] if isinstance(listed, list) and listed else {}
    if not isinstance(first, Mapping):
        return (), (), ()
    nodes = tuple(_name(node) for node in first.get("nodes") or ())
    edges = tuple(
        (_name(edge.get("source")), _name(edge.get("destination")))
        for edge in first.get("edges") or ()
        if isinstance(edge, Mapping)
    )
    pairs = (tuple(map(_name, pair)) for pair in first.get("symmetries") or () if isinstance(pair, list))
    return nodes, edges, tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2)


def _name(node: Any) -> str:
    return str(node.get("name")) if isinstance(node, Mapping) else str(node)


def _among(pairs: Sequence[tuple[str, str]], nodes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in pairs if set(pair) <= set(nodes))


def _crops(job: Job, *, places: int, where: str) -> CropPlan | None:
    if not model_type(job).cropped:
        return None
    side = job.data_config.preprocessing.crop_size
    if not side:
        raise _not_said("how large the crops of this model are", "data_config.preprocessing.crop_size", where)
    return crop_plan(job, side=side, places=places)


def _channels(state: Mapping[str, torch.Tensor], values: Mapping[str, Any], job: Job, *, where: str) -> int:
    """Channels of the images that the network was made for: as its first layer has them, else as the config says."""
    backbone = tree.get(values, "model_config.backbone_config") or {}
    said = next(
        (part.get("in_channels") for part in backbone.values() if isinstance(part, Mapping)),
        None,
    )
    kernel = state.get("stack0_enc0_conv0.weight", state.get("stem0_conv0.weight"))
    given = first_channels(state) or (None if kernel is None else kernel.shape[1]) or said or 1
    if given not in (1, 3):
        raise UserError(
            f"This model reads images of {given} channels; here they are gray (1) or in colour (3).",
            where=where,
            hint="Train it on images that are.",
        )
    return int(given)


def _without_start(build: Callable[[], PoseModel]) -> PoseModel:
    """A network whose values all come from a file: drawing its random start may take as long as predicting a few frames."""
    with torch.device("meta"):
        network = build()
    # What is made with the network and is in no file has its values from there only.
    if {name for name, _ in network.named_buffers()} - network.state_dict().keys():
        return build()
    return network


def _load(network: PoseModel, state: Mapping[str, torch.Tensor], weights: Path) -> tuple[str, ...]:
    own = network.state_dict()
    refuse_misfit(
        own,
        state,
        where=str(weights),
        hint="The config beside it describes another network; use the folder as training left it.",
    )
    # Copied, as a file that somebody cuts short would take what is still to be read of it away.
    read = {name: value.to(own[name].dtype, copy=True) for name, value in state.items()}
    broken = first_broken_tensor(read)
    if broken is not None:
        raise UserError(
            f"The checkpoint holds values that are no numbers, first in {broken}.",
            where=str(weights),
            hint="That training went wrong; choose another checkpoint.",
        )
    network.load_state_dict(read, assign=True)
    return ()


def _load_keras(network: PoseModel, weights: Path) -> tuple[str, ...]:
    notes: list[str] = []
    enlarge_from_corner(network)
    for key in PARTS:
        report = load_part_from(network, weights, key=key)
        if not report.is_complete:
            raise UserError(
                f"This model of SLEAP 1.4 does not fit the network of its config: {report.example()}.",
                where=str(weights),
                hint="Use the folder as SLEAP left it.",
            )
        notes += [f"{weights}: {note}" for note in report.notes]
    return tuple(notes)
