"""One-to-one pairing of rows with columns, for the best sum over all pairs."""

import numpy as np


def best_pairs(values: np.ndarray, *, greatest: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Pair rows with columns of (R, C) for the smallest sum, or the greatest; returns rows and columns, by row.

    As many pairs are made as the shorter side has. Raises ValueError for values that are not finite.
    """
    # Half a second to import, and a training pairs nothing before its first validation.
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(values, maximize=greatest)
    return rows, columns
