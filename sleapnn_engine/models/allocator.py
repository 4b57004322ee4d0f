"""Memory for tensors on a CPU: what one step gives back is kept for the next."""

import ctypes
import sys

# Parameters of glibc's mallopt.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_KEPT = 2**31 - 1
_AHEAD = 64 << 20


def keep_freed_memory() -> bool:
    """Have the C library keep large blocks that were freed; returns whether it does (only glibc can).

    It would hand each one back to the system and fetch it again, page by page, a few hundred times a second. The
    process then holds on to the most memory that it ever used at once.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    wanted = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _KEPT), (_TOP_PAD, _AHEAD))
    return all(library.mallopt(name, value) == 1 for name, value in wanted)
