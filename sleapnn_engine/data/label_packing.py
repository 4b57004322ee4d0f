"""Labels with their images in one file: what a training reads of a labels file, to be read the same elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import cv2
import h5py
import numpy as np
import sleap_io as sio

from sleapnn_engine.data.label_videos import Progress
from sleapnn_engine.data.records import ImageSource, LabelSet, VideoSource
from sleapnn_engine.data.videos import EncodedFrames

#: What a package takes beside its images, bytes at most for a usual one.
_BESIDE = 16_000_000
_FORMATS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg"}


def holds_its_images(labels: LabelSet, *, file: int) -> bool:
    """Whether every frame that is read of the labels file number `file` has its image in that file."""
    used = {frame.video_index for frame in labels.frames if frame.file_index == file}
    return all(
        labels.videos[video].kind == "embedded" and labels.videos[video].path == str(labels.files[file])
        for video in used
    )


def package_bytes(labels: LabelSet, *, file: int) -> int:
    """What the package of one labels file takes at most, in bytes."""
    sizes = [frame.size for frame in labels.frames if frame.file_index == file]
    return _BESIDE + sum(int(np.prod(size)) for size in sizes if size is not None)


def pack_labels(labels: LabelSet, *, file: int, path: Path, progress: Progress | None = None) -> None:
    """Write the labels file number `file` of `labels` to `path` with the images of its frames.

    They are read as for training and stored without loss, under the frame numbers that they have; what is not read for
    it is left out. `progress` is told of images stored. Raises UserError where one cannot be read, OSError where the file cannot be written. HDF5 ends the
    whole process when its disk is full, so there has to be room for `package_bytes`.
    """
    source = labels.files[file].absolute().as_posix()
    stored = sio.load_slp(source, open_videos=False)
    records = [video for video in labels.videos if video.file_index == file]
    first = next((index for index, video in enumerate(labels.videos) if video.file_index == file), 0)
    rows: list[list[int]] = [[] for _ in records]
    for row, frame in enumerate(labels.frames):
        if frame.file_index == file:
            rows[frame.video_index - first].append(row)
    _join_repeats(stored, records)
    told = [_describe_origin(video) for video in stored.videos]
    for video in stored.videos:
        # Images of a video that was cut are cut already.
        video.backend_metadata = {k: v for k, v in video.backend_metadata.items() if not k.startswith("crop")}
    used = {
        (stored.videos[frame.video_index - first], frame.frame_index)
        for frame in labels.frames
        if frame.file_index == file
    }
    part = sio.Labels(
        labeled_frames=[frame for frame in stored.labeled_frames if (frame.video, frame.frame_idx) in used],
        videos=stored.videos,
        skeletons=stored.skeletons,
        tracks=stored.tracks,
    )
    sio.save_slp(part, path.as_posix(), embed=False, restore_original_videos=False, verbose=False)
    done, total = 0, sum(map(len, rows))
    with h5py.File(path, "r+") as package:
        said = []
        for number, (one, record) in enumerate(zip(rows, records, strict=True)):
            images = _Images(labels, sorted(one, key=lambda row: labels.frames[row].frame_index), record)
            group = package.require_group(f"video{number}")
            for count in images.write(group):
                if progress is not None:
                    progress(done + count, total)
            done += len(one)
            said.append(images.describe(f"video{number}/video", told[number]))
            if told[number]:
                group.create_group("source_video").attrs["json"] = json.dumps(told[number])
        del package["videos_json"]
        lines = [json.dumps(video) for video in said]
        package.create_dataset("videos_json", data=lines, dtype=h5py.string_dtype("ascii"))


def _join_repeats(stored: sio.Labels, records: Sequence[VideoSource]) -> None:
    """Have frames of a video that is listed twice belong to the first, as they do for training."""
    same = {id(stored.videos[one.number]): one.same_as for one in records if one.same_as is not None}
    for frame in stored.labeled_frames:
        if (first := same.get(id(frame.video))) is not None:
            frame.video = stored.videos[first]


def _describe_origin(video: sio.Video) -> dict[str, Any] | None:
    """What is said of the video that images come from; None of a package that does not say it."""
    if video.source_video is not None:
        return _describe_origin(video.source_video)
    if video.backend_metadata.get("has_embedded_images"):
        return None
    return {"filename": video.filename, "backend": {"filename": video.filename, **video.backend_metadata}}


@attrs.frozen(eq=False)
class _Images:
    """The images of one video: `rows` are the places of its frames in `labels`, by frame number."""

    labels: LabelSet
    rows: list[int]
    record: VideoSource

    @property
    def gray(self) -> bool:
        """Whether one channel of each is read; images of which only some are gray say so themselves."""
        sizes = [self.labels.frames[row].size for row in self.rows]
        return bool(sizes) and all(size is not None and size[2] == 1 for size in sizes)

    def write(self, group: h5py.Group) -> Iterator[int]:
        """Store them one by one; yields how many are stored."""
        form, swapped = self._kept()
        images = group.create_dataset(
            "video", shape=(len(self.rows),), dtype=h5py.special_dtype(vlen=np.dtype("int8"))
        )
        images.attrs["format"] = form or "png"
        images.attrs["channel_order"] = "BGR" if swapped else "RGB"
        for name, number in zip(("frames", "height", "width", "channels"), self._shape(), strict=True):
            images.attrs[name] = number
        numbers = [self.labels.frames[row].frame_index for row in self.rows]
        group.create_dataset("frame_numbers", data=np.array(numbers, dtype=np.int64))
        for place, row in enumerate(self.rows):
            data = self._bytes(row) if form else self._encoded(row)
            images[place] = np.frombuffer(data, dtype=np.int8)
            yield place + 1

    def describe(self, dataset: str, source: dict[str, Any] | None) -> dict[str, Any]:
        """The video as the list of videos has it."""
        backend = {
            "type": "HDF5Video",
            "filename": ".",
            "dataset": dataset,
            "input_format": "channels_last",
            "convert_range": False,
            "has_embedded_images": True,
            "grayscale": self.gray,
            "shape": self._shape(),
        }
        more = {} if source is None else {"source_video": source}
        return {"filename": ".", "backend": backend, **more}

    def _shape(self) -> list[int]:
        size = self.labels.frames[self.rows[0]].size if self.rows else self.record.size
        height, width, channels = size or (1, 1, 1)
        return [len(self.rows), height, width, 1 if self.gray else channels]

    def _source(self) -> ImageSource | None:
        return self.labels.sources[self.labels.frames[self.rows[0]].video_index] if self.rows else None

    def _kept(self) -> tuple[str, bool]:
        """The format of images that are copied as they are, and whether red and blue are swapped; '' where they are read."""
        source = self._source()
        if not isinstance(source, EncodedFrames) or source.span is not None:
            return "", False
        starts = {self._bytes(row)[:4] for row in self.rows}
        forms = {_FORMATS.get(start) or _FORMATS.get(start[:3], "") for start in starts}
        return (forms.pop() if len(forms) == 1 else ""), source.swapped

    def _bytes(self, row: int) -> bytes:
        source = self._source()
        assert isinstance(source, EncodedFrames)
        return source.encoded(self.labels.frames[row].frame_index)

    def _encoded(self, row: int) -> bytes:
        image = self.labels.read_image(row)
        done, data = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
        if not done:
            raise OSError(0, "an image cannot be encoded")
        return data.tobytes()
