"""A drawn video as labels: a self-contained `.pkg.slp` whose every point is the exact truth."""

import json
from collections.abc import Callable, Mapping, MutableMapping
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from sleapnn_engine.config.disk import copy_whole, reason_of, writable_target
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.demo.scene import Scene, SceneSpec, render_frames

FRAMES_PER_SECOND = 10.0


def write_demo_labels(
    path: Path | str,
    *,
    frames: int = 120,
    animals: int = 1,
    size: tuple[int, int] = (192, 192),
    seed: int = 7,
    species: str = "mouse",
    channels: int = 1,
    occlusion: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draw `frames` pictures and write them, with their points and tracks, to `path` (`*.pkg.slp`).

    `size` is (height, width) in pixels. Points outside the picture or behind something keep their exact
    place and are marked as not visible. `progress(done, total)` is called after every picture. The file
    replaces one of that name only when it is complete. Raises UserError for what cannot be drawn, and before anything
    is drawn where no file can be.
    """
    import sleap_io

    path = Path(path)
    if not path.name.endswith(".pkg.slp"):
        raise UserError(
            "The pictures are stored inside the labels file.",
            where=str(path),
            hint="Give a file name that ends in .pkg.slp.",
            usage=True,
        )
    if frames < 1:
        raise UserError(
            f"A video has at least one frame, not {frames}.", hint="Ask for more frames.", usage=True
        )
    spec = SceneSpec(size=size, animals=animals, species=species, channels=channels, occlusion=occlusion)
    target = _target(path)
    with TemporaryDirectory(dir=target.parent, prefix=".drawing-") as folder:
        scenes = []
        pictures = []
        for scene in islice(render_frames(seed, spec), frames):
            pictures.append(_save_picture(scene, Path(folder)))
            scenes.append(scene)
            if progress is not None:
                progress(len(scenes), frames)
        labels = _label(sleap_io, scenes, pictures, spec, seed=seed)
        draft = Path(folder) / "draft.pkg.slp"
        labels.save(str(draft), embed="user", verbose=False)
        copy_whole(_pack(draft, Path(folder) / "final.pkg.slp", spec, frames=frames, seed=seed), target)
    return path


def _target(path: Path) -> Path:
    """The file to write. Raises UserError where there cannot be one, before minutes are spent on drawing."""
    try:
        return writable_target(path)
    except OSError as problem:
        raise UserError(
            f"The labels cannot be written: {reason_of(problem)}.",
            where=str(path),
            hint="Choose another place; folders are not made.",
            usage=True,
        ) from None


def _save_picture(scene: Scene, folder: Path) -> str:
    """Write a scene as PNG; its path."""
    import cv2

    name = folder / f"{scene.frame:06d}.png"
    # OpenCV stores blue first.
    if not cv2.imwrite(str(name), scene.image[..., ::-1] if scene.image.shape[2] == 3 else scene.image):
        raise UserError("The drawn picture could not be written.", where=str(name), hint="Is the disk full?")
    return str(name)


def _label(sleap_io: Any, scenes: list[Scene], pictures: list[str], spec: SceneSpec, *, seed: int) -> Any:
    """The scenes as sleap-io labels over the saved pictures."""
    anatomy = spec.anatomy
    skeleton = sleap_io.Skeleton(
        nodes=list(anatomy.nodes),
        edges=list(anatomy.edges),
        symmetries=list(anatomy.symmetries),
        name=anatomy.name,
    )
    tracks = [sleap_io.Track(f"{anatomy.name} {index + 1}") for index in range(spec.animals)]
    video = sleap_io.Video.from_filename(pictures, grayscale=spec.channels == 1)
    labelled = []
    for scene in scenes:
        instances = []
        for track, points, visible in zip(tracks, scene.points, scene.visible):
            if not visible.any():
                continue
            instance = sleap_io.Instance.from_numpy(points, skeleton=skeleton, track=track)
            instance.points["visible"] = visible
            instances.append(instance)
        labelled.append(sleap_io.LabeledFrame(video=video, frame_idx=scene.frame, instances=instances))
    labels = sleap_io.Labels(labeled_frames=labelled, videos=[video], skeletons=[skeleton], tracks=tracks)
    labels.provenance = {"made by": "sleapnn-engine demo-data", "seed": seed}
    return labels


def _pack(draft: Path, final: Path, spec: SceneSpec, *, frames: int, seed: int) -> Path:
    """Copy `draft` to `final` without a word of the folder or the process it was drawn in; returns `final`.

    sleap-io records where pictures came from and where it wrote. Here both were a folder that is about to
    go; and the same video shall give the same file, byte for byte, wherever it is written.
    """
    import h5py

    kind = {
        "grayscale": spec.channels == 1,
        "shape": [frames, *spec.size, spec.channels],
        "fps": FRAMES_PER_SECOND,
    }
    name = f"drawn_{spec.species}_{seed}.mp4"
    source = {
        "filename": name,
        "backend": {
            "type": "MediaVideo",
            "filename": name,
            "bgr": True,
            "dataset": "",
            "input_format": "",
            **kind,
        },
    }
    packed = {
        "type": "HDF5Video",
        "filename": ".",
        "dataset": "video0/video",
        "input_format": "channels_last",
        "convert_range": False,
        "has_embedded_images": True,
        **kind,
    }
    video = {"filename": ".", "backend": packed, "source_video": source}
    with h5py.File(draft, "r") as old, h5py.File(final, "w") as new:
        for key in old:
            if key not in ("videos_json", "video0", "metadata"):
                old.copy(key, new)
        _copy_metadata(old["metadata"].attrs, new.create_group("metadata").attrs)
        for key in ("frame_numbers", "video"):
            old.copy(f"video0/{key}", new.require_group("video0"))
        new.create_dataset("videos_json", data=[json.dumps(video)], dtype=h5py.string_dtype("ascii"))
        new.create_group("video0/source_video").attrs["json"] = json.dumps(source)
    return final


def _copy_metadata(old: Mapping[str, Any], new: MutableMapping[str, Any]) -> None:
    """Copy the skeleton with left before right: sleap-io keeps a pair as a set, whose order differs each time."""
    for key, value in old.items():
        if key == "json":
            words = from_json(value)
            for skeleton in words["skeletons"]:
                for link in skeleton["links"]:
                    if "edge_insert_idx" not in link:
                        link["source"], link["target"] = sorted((link["source"], link["target"]))
            value = np.bytes_(json.dumps(words, separators=(",", ":")))
        new[key] = value
