"""More labels than anybody has, as the engine would tell of them."""

from itertools import pairwise
from typing import Any


def large_facts() -> dict[str, Any]:
    """What the engine would say of 1,000 videos with 200 parts and 100 tracks."""
    parts = [f"part_{number}" for number in range(200)]
    size = {"width": 640, "height": 480, "channels": 1, "frames": 20}
    return {
        "files": [{"path": f"/data/labels_{number}.slp"} for number in range(1000)],
        "labeled_frames": 20_000,
        "instances": {"used": 40_000},
        "max_instances_per_frame": 2,
        "image_sizes": [{**size, "width": 640 + number} for number in range(1000)],
        "nodes": parts,
        "edges": [[a, b] for a, b in pairwise(parts)],
        "visibility": dict.fromkeys(parts, 0.7),
        "tracks": [f"track_{number}" for number in range(100)],
        "warnings": [f"Video {number} of the labels is not where it was." for number in range(1000)],
        "problems": [],
    }
