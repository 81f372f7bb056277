"""The competition's metric."""

import numpy as np


def rmspe(actual: np.ndarray, predicted: np.ndarray) -> float:
    """Root mean squared percentage error of two equally long vectors of sales, as a fraction (0.1 is 10 %).

    Days without sales are left out, as in the competition: their percentage error is undefined.
    Raises ValueError when no day with sales is left.
    """
    actual = np.asarray(actual, dtype=float)
    predicted = np.asarray(predicted, dtype=float)
    sold = actual > 0
    if not sold.any():
        raise ValueError("RMSPE needs at least one day with sales; got none")
    return float(np.sqrt(np.mean(((actual[sold] - predicted[sold]) / actual[sold]) ** 2)))
