"""What two animals of different frames are compared by when they are followed."""

from enum import StrEnum


class Likeness(StrEnum):
    """The overlap of their boxes, the similarity of their points, or how near their centres are; options name them so."""

    IOU = "iou"
    OKS = "oks"
    CENTER = "centroid"
