"""Which point of an animal is its centre: as a config says it, or as the program that wrote it has it where it does not."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

ANCHOR = "anchor"
#: How the visible parts of an animal come to one point, in the words of the format, and for people.
REDUCTIONS = {
    "bbox_center": "the middle of the box around the visible parts",
    "center_of_mass": "the mean of the visible parts",
    "geometric_median": "the geometric median of the visible parts",
}
#: The key of a file that says which version of sleap-nn wrote it.
VERSION = "sleap_nn_version"
METHOD, FALLBACK = "centroid_method", "centroid_fallback"
_OWN = "bbox_center"
#: From this version on, sleap-nn takes the mean where nothing is said; before it, and here, it is the box.
_MEAN_SINCE = (0, 3)


@attrs.frozen
class Centring:
    """The centre of an animal: its node `anchor` where there is one and it is visible, else what `otherwise` names.

    `otherwise` is one of REDUCTIONS.
    """

    anchor: str | None = None
    otherwise: str = _OWN

    @property
    def words(self) -> str:
        """It in a few words, for people."""
        return f"“{self.anchor}”" if self.anchor is not None else REDUCTIONS[self.otherwise]

    @property
    def in_full(self) -> str:
        """The words, and what the centre is where the anchor is not visible."""
        return self.words if self.anchor is None else f"{self.words}, else {REDUCTIONS[self.otherwise]}"

    @property
    def settings(self) -> dict[str, str | None]:
        """It in the words of the format, so that no reader has to know who wrote the file."""
        named = self.anchor is not None
        return {METHOD: ANCHOR if named else self.otherwise, FALLBACK: self.otherwise if named else None}


#: What files of this program mean, and those of older versions of the format.
USUAL = Centring()


def centring(said: Callable[[str], Any], *, unsaid: str) -> Centring:
    """The centre that the confidence maps of a config are about; `said` gives the values of that section by name.

    `unsaid` is how parts come to a centre where that is left open (see `usual`). Values that are wrong count as not
    said: `problems` tells of them.
    """
    anchor = said("anchor_part")
    anchor = anchor if isinstance(anchor, str) else None
    named = said(METHOD if anchor is None else FALLBACK)
    return Centring(anchor, named if named in REDUCTIONS else unsaid)


def usual(version: Any) -> str:
    """What a file of that `sleap_nn_version` means where it does not say how parts come to a centre."""
    found = re.match(r"v?(\d{1,6})\.(\d{1,6})", version) if isinstance(version, str) else None
    return "center_of_mass" if found and tuple(map(int, found.groups())) >= _MEAN_SINCE else _OWN


def explicit(confmaps: Any, *, unsaid: str) -> Any:
    """The section `confmaps` of a job with its centre said in it; another section as it is."""
    if not hasattr(confmaps, METHOD):
        return confmaps
    meant = centring(lambda name: getattr(confmaps, name), unsaid=unsaid)
    return attrs.evolve(confmaps, **meant.settings)


def problems(confmaps: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name of the setting, sentence) of what is wrong with the way a section says what the centre is."""
    said, anchor = confmaps.get(METHOD), confmaps.get("anchor_part")
    found = []
    for name, known in ((METHOD, (ANCHOR, *REDUCTIONS)), (FALLBACK, tuple(REDUCTIONS))):
        value = confmaps.get(name)
        if value is not None and value not in known:
            found.append((name, f"{name} is one of {', '.join(known)}, not {value!r}."))
    if anchor is not None and said in REDUCTIONS:
        text = f"The anchor part says that the centre is the part {anchor}, and {METHOD} that it is {REDUCTIONS[said]}."
        found.append(
            (METHOD, f"{text} Leave one of both out; {FALLBACK} is for animals that do not show the part.")
        )
    if anchor is None and said == ANCHOR:
        found.append((METHOD, f"{METHOD} is {ANCHOR}, and anchor_part names no part."))
    return found
