"""What keeping all images in memory will take, said before any is read."""

import logging

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.frames import estimate_bytes
from sleapnn_engine.data.geometry import InputPlan
from sleapnn_engine.training.free_memory import free_memory
from sleapnn_engine.training.inputs.labels import Data

IN_MEMORY = "torch_dataset_cache_img_memory"
PIPELINE = "data_config.data_pipeline_fw"

log = logging.getLogger("sleapnn_engine.training")


def check_cache(job: Job, data: Data, plan: InputPlan, *, processes: int = 1) -> int:
    """Bytes of memory that the images of both parts will take; 0 where they are not kept in memory.

    Each of several processes keeps the training images, and the first one those of validation as well. Raises
    UserError when that is more than there is: nothing falls back by itself.
    """
    if job.data_config.data_pipeline_fw != IN_MEMORY:
        return 0
    frames = processes * len(data.train) + (0 if job.data_config.use_same_data_for_val else len(data.val))
    needed, free = estimate_bytes(frames, plan), free_memory()
    if needed > free:
        raise UserError(
            f"The images take {size_text(needed)} of memory; {size_text(free)} are free.",
            where=PIPELINE,
            hint="Keep them on disk (torch_dataset_cache_img_disk), read them as needed (torch_dataset), or use a"
            " smaller input scale.",
            cause="cache",
        )
    return needed


def announce_cache(job: Job, *, needed: int) -> str:
    """The text of the phase in which images are read; for a cache in memory it says what that takes."""
    pipeline = job.data_config.data_pipeline_fw
    if pipeline == "torch_dataset":
        return "Preparing frames"
    if pipeline != IN_MEMORY:
        return "Reading images"
    memory = f"{size_text(needed)} of memory; {size_text(free_memory())} are free"
    # The phase event says the same to viewers.
    log.info("The images take %s.", memory, extra={"only_file": True})
    return f"Reading images ({memory})"


def size_text(count: int) -> str:
    """Say a number of bytes as people do: `340 MB`, `1.2 GB`, `20 GB`."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            value = count / size
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
    return f"{count / 1e3:.0f} kB"
