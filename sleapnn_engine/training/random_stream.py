"""Random numbers that every process and every step has for itself."""


def random_seed(seed: int, *, rank: int, step: int) -> int:
    """What random generators start from in one step of one process."""
    # Large odd factors keep neighbouring seeds, processes and steps from sharing streams.
    return ((seed * 1_000_003 + rank) * 1_000_003 + step) % 2**63
