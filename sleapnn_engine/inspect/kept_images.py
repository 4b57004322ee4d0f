"""Images that have been decoded, kept for the next question about them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import attrs
import numpy as np

from sleapnn_engine.data.records import ImageSource

#: Bytes of images that are kept.
MOST_BYTES = 128 * 2**20

#: Holding the source, whose number in memory another one might get otherwise.
_Key = tuple[ImageSource, int]


class KeptImages:
    """The images read last, of all sources together; may be used from several threads. They are not to be changed."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[_Key, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, sources: Sequence[ImageSource | None]) -> tuple[ImageSource | None, ...]:
        """The same sources, which read an image once as long as it is kept."""
        return tuple(source and _KeptSource(source, self) for source in sources)

    def get(self, key: _Key, read: Callable[[], np.ndarray]) -> np.ndarray:
        """The image kept under a key, read now where there is none."""
        with self._lock:
            found = self._kept.pop(key, None)
            if found is not None:
                self._kept[key] = found
                return found
        image = read()
        with self._lock:
            self._kept[key] = image
            while sum(one.nbytes for one in self._kept.values()) > self._most_bytes and len(self._kept) > 1:
                self._kept.popitem(last=False)
        return image


@attrs.frozen(eq=False)
class _KeptSource:
    source: ImageSource
    kept: KeptImages

    def read(self, frame_index: int) -> np.ndarray:
        return self.kept.get((self.source, frame_index), lambda: self.source.read(frame_index))

    def close(self) -> None:
        self.source.close()
