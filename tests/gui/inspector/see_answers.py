"""Small answers to what is seen, as the engine gives them."""

from typing import Any

import numpy as np

NODES = ["head", "thorax", "abdomen"]
POINTS = [[[3.0, 4.0], [10.0, 12.0], None]]
PLACE = {
    "index": 2,
    "count": 9,
    "frame": 1,
    "place": "labels.slp, video 0, frame 5",
    "animal": 0,
    "nodes": NODES,
    "edges": [[0, 1], [1, 2]],
}


def picture(*shape: int) -> np.ndarray:
    return np.full(shape, 80, np.uint8)


def chain() -> dict[str, Any]:
    names = (
        ("source", "source"),
        ("colour", "source"),
        ("match", "matched"),
        ("crop", "matched"),
        ("pad", "input"),
    )
    steps = [
        {
            "name": name,
            "pixels": pixels,
            "width": 32,
            "height": 24,
            "channels": 1,
            "changes": True,
            "picture": "step0",
        }
        for name, pixels in (*names, ("confmaps", "cells"))
    ]
    return {**PLACE, "steps": steps, "arrays": {"step0": picture(24, 32, 1)}}


def crops() -> dict[str, Any]:
    return {
        **PLACE,
        "side": 16,
        "found": 24,
        "input": 16,
        "field": 76.0,
        "width": 64,
        "height": 48,
        "animals": [{"index": 2, "points": POINTS, "box": [8, 8, 24, 24], "cut": ["head"]}],
        "gallery": [
            {"why": why, "index": number, "points": POINTS, "cut": ["head"] if number else []}
            for number, why in enumerate(("smallest", "median", "largest", "edge", "random", "random"))
        ],
        "clipped": {"animals": 3, "of_animals": 9, "parts": 4, "of_parts": 27, "most": [["head", 4]]},
        "curve": [[4, 0.0, 0.2], [16, 0.6, 0.8], [24, 1.0, 1.0]],
        "arrays": {"frame": picture(48, 64, 1), "crops": picture(6, 16, 16, 1)},
    }


def augment() -> dict[str, Any]:
    drawn = [{"rotation": -23.2, "scale": 0.97}, {}, {"erase": None, "gaussian_noise": None}] * 2
    return {
        **PLACE,
        "width": 16,
        "height": 16,
        "seed": 0,
        "draws": [{"points": POINTS, "left": number % 2, "drawn": one} for number, one in enumerate(drawn)],
        "leaving": {"points": 3000, "left": 63, "most": [["head", 60], ["thorax", 3]]},
        "arrays": {"draws": picture(6, 16, 16, 1)},
    }


def targets() -> dict[str, Any]:
    shape = {"stride": 2, "sigma": 1.5, "channels": 3, "rows": 8, "columns": 8}
    return {
        **PLACE,
        "width": 16,
        "height": 16,
        "points": POINTS,
        "part": None,
        "heads": [{"name": "confmaps", **shape}, {"name": "pafs", **shape, "channels": 4}],
        "bump": {"input_px": 3.0, "source_px": 6.0, "animal_px": 40.0, "share": 0.15},
        "merging": {
            "near_px": 6.0,
            "pairs": [["head", "thorax", 0.5]],
            "more": 0,
            "animals": 0,
            "of_animals": 9,
        },
        "guide": {"name": "confmaps", **shape, "input_px": 1.5, "array": "guide"},
        "arrays": {
            "guide": picture(8, 8),
            "image": picture(16, 16, 1),
            "confmaps": picture(8, 8),
            "pafs": np.full((2, 8, 8), 0.6, np.float16),
        },
    }


def network() -> dict[str, Any]:
    roles = (("encoder", ""), ("encoder", ""), ("middle", ""), ("decoder", ""), ("head", "confmaps"))
    blocks = [
        {
            "role": role,
            "name": name,
            "channels": 8,
            "rows": 8,
            "columns": 8,
            "stride": 2,
            "parameters": 9,
            "kept": 64,
        }
        for role, name in roles
    ]
    return {
        "blocks": blocks,
        "parameters": 45,
        "step": 4000,
        "batch": 4,
        "input": [1, 16, 16],
        "field": 76,
        "source_scale": 2.0,
        "arrays": {},
    }


def skeleton() -> dict[str, Any]:
    return {
        **PLACE,
        "animal": None,
        "width": 16,
        "height": 16,
        "points": POINTS,
        "tracks": ["a"],
        "all_tracks": ["a", "b"],
        "chosen": {
            "parts": {"key": "parts", "value": None},
            "limbs": {"key": "limbs", "value": None},
            "anchor": {"key": "anchor", "value": "thorax"},
            "identities": {"key": "identities", "value": ["a"]},
        },
        "fault": "The limbs lead in a circle.",
        "loose": [],
        "fix": {"label": "Use the limbs that make a tree", "set": {"limbs": [["head", "thorax"]]}},
        "arrays": {"image": picture(16, 16, 1)},
    }


def schedule() -> dict[str, Any]:
    return {
        "run": "flies",
        "max_epochs": 100,
        "val": [4e-3, 2e-3, 1e-3, 1.1e-3, 1.2e-3],
        "rates": [1e-3, 1e-3, 1e-3, 5e-4, 5e-4],
        "falls": [3],
        "best": 2,
        "stopped": 4,
        "arrays": {},
    }


def devices() -> dict[str, Any]:
    card = {"trainer_config.trainer_accelerator": "gpu", "trainer_config.trainer_device_indices": [1]}
    known = {"free": None, "total": None, "reason": "", "set": {}}
    return {
        "devices": [
            known | {"name": "cpu", "words": "Processor, 8 cores", "free": 12_300_000_000},
            known
            | {
                "name": "cuda:1",
                "words": "A card",
                "free": 20_000_000_000,
                "total": 24_000_000_000,
                "set": card,
            },
            known | {"name": "mps", "words": "Apple GPU", "reason": "only Macs with Apple silicon have one"},
        ],
        "chosen": ["cpu"],
        "fault": "",
        "arrays": {},
    }


ANSWERS = {
    "chain": chain,
    "crops": crops,
    "augment": augment,
    "targets": targets,
    "network": network,
    "skeleton": skeleton,
    "schedule": schedule,
    "devices": devices,
}
