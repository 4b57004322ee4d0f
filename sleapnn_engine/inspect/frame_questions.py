"""Each kind of question about the labelled frames, with the function that answers it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sleapnn_engine.inspect.doctor import doctor
from sleapnn_engine.inspect.frame import frame, thumbnails
from sleapnn_engine.inspect.frame_table import frame_table
from sleapnn_engine.inspect.labelled import Labelled
from sleapnn_engine.inspect.skeleton_pick import skeleton
from sleapnn_engine.inspect.splits import save_split, split
from sleapnn_engine.inspect.wanted import Cancelled

Found = tuple[dict[str, Any], dict[str, np.ndarray]]

#: Answers of the engine by their kind.
ABOUT_FRAMES: Mapping[str, Callable[[Labelled, Mapping[str, Any], Cancelled], Found]] = {
    "frames": lambda found, args, cancelled: frame_table(found),
    "frame": frame,
    "thumbnails": thumbnails,
    "skeleton": skeleton,
    "doctor": lambda found, args, cancelled: (doctor(found, args["values"], cancelled), {}),
    "split": split,
    "save_split": lambda found, args, cancelled: (save_split(found, args, cancelled), {}),
}
