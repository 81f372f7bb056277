"""Metrics of regression and classification, and the bootstrap of their difference, by NumPy alone.

The definitions are scikit-learn's, so that numbers agree with those of training code. Scores of a classifier are an array
of (rows, classes), whose columns are in the order of the sorted labels.
"""

import numpy as np

EPSILON = np.finfo(np.float64).eps


def rmse(truth, predicted):
    return float(np.sqrt(np.mean((truth - predicted) ** 2)))


def mae(truth, predicted):
    return float(np.mean(np.abs(truth - predicted)))


def mape(truth, predicted):
    return float(np.mean(np.abs(truth - predicted) / np.maximum(np.abs(truth), EPSILON)))


def rmspe(truth, predicted):
    """Root mean square percentage error; rows whose truth is 0 are left out, as is usual for it."""
    known = truth != 0
    if not known.any():
        return float("nan")
    return float(np.sqrt(np.mean(((truth[known] - predicted[known]) / truth[known]) ** 2)))


def bias(truth, predicted):
    return float(np.mean(predicted - truth))


def r2(truth, predicted):
    spread = np.sum((truth - np.mean(truth)) ** 2)
    return float(1 - np.sum((truth - predicted) ** 2) / spread) if spread > 0 else float("nan")


REGRESSION = {"rmse": rmse, "mae": mae, "mape": mape, "rmspe": rmspe, "r2": r2, "bias": bias}


def accuracy(truth, predicted):
    return float(np.mean(truth == predicted))


def precision(truth, predicted):
    return averaged(truth, predicted, lambda hit, said, real: hit / said if said else 0.0)


def recall(truth, predicted):
    return averaged(truth, predicted, lambda hit, said, real: hit / real if real else 0.0)


def f1(truth, predicted):
    return averaged(truth, predicted, lambda hit, said, real: 2 * hit / (said + real) if said + real else 0.0)


def averaged(truth, predicted, score):
    """Of the greater label where there are two, else the mean over all labels ("macro")."""
    labels = np.unique(np.concatenate([truth, predicted]))
    wanted = labels[-1:] if len(labels) <= 2 else labels
    return float(np.mean([score(*counts(truth == label, predicted == label)) for label in wanted]))


def counts(real, said):
    return np.sum(real & said), np.sum(said), np.sum(real)


CLASSES = {"accuracy": accuracy, "precision": precision, "recall": recall, "f1": f1}


def log_loss(codes, scores):
    likely = np.clip(scores[np.arange(len(codes)), codes], EPSILON, 1 - EPSILON)
    return float(-np.mean(np.log(likely)))


def brier(codes, scores):
    """Of the greater label where there are two, else the sum over all (Brier's own definition)."""
    if scores.shape[1] == 2:
        return float(np.mean((scores[:, 1] - codes) ** 2))
    return float(np.mean(np.sum((scores - np.eye(scores.shape[1])[codes]) ** 2, axis=1)))


def roc_auc(codes, scores):
    """The Mann-Whitney statistic with ties at their mean rank; of several labels, the mean of each against the rest."""
    return over_labels(codes, scores, binary_roc_auc)


def pr_auc(codes, scores):
    """Average precision: precision at each threshold, weighted by the gain of recall."""
    return over_labels(codes, scores, average_precision)


def over_labels(codes, scores, judge):
    if scores.shape[1] == 2:
        return judge(codes == 1, scores[:, 1])
    return float(np.mean([judge(codes == code, scores[:, code]) for code in range(scores.shape[1])]))


def binary_roc_auc(real, score):
    positives, negatives = int(real.sum()), int((~real).sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    _, inverse, sizes = np.unique(score, return_inverse=True, return_counts=True)
    ranks = np.cumsum(sizes) - (sizes - 1) / 2
    return float((ranks[inverse][real].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(real, score):
    if not real.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(real[order])
    # Rows of one score stand at one threshold: its last row counts.
    last = np.append(np.diff(score[order]) != 0, True)
    found = hits[last]
    gains = np.diff(np.append(0, found)) / real.sum()
    return float(np.sum(gains * found / (np.flatnonzero(last) + 1)))


SCORES = {"log_loss": log_loss, "brier": brier, "roc_auc": roc_auc, "pr_auc": pr_auc}

GREATER_IS_BETTER = {"r2", "accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc"}


def bootstrap_difference(measure, rows, resamples, seed):
    """The 95 % percentile interval of a paired difference (Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 13).

    Rows are drawn with replacement, the same for both models, which is what makes it paired.

    @param measure: the difference on an array of row numbers
    """
    generator = np.random.default_rng(seed)
    differences = np.array([measure(generator.integers(0, rows, rows)) for _ in range(resamples)])
    usable = differences[np.isfinite(differences)]
    if len(usable) == 0:
        return None
    low, high = np.percentile(usable, [2.5, 97.5])
    return {"low": float(low), "high": float(high), "resamples": int(len(usable))}


def verdict(interval, greater_is_better):
    """What the interval of candidate minus champion says of the candidate."""
    if interval is None or interval["low"] <= 0 <= interval["high"]:
        return "undecided"
    return "better" if (interval["low"] > 0) == greater_is_better else "worse"
