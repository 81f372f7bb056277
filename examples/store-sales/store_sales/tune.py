"""Find `config/best_hyperparameters.json`: a random search per booster, on six-week windows before the holdout.

Run by hand when the data or the features change: `python -m store_sales.tune`. The holdout is cut off first, so that
the score that `evaluate` reports stays one that nothing was fitted to.
"""

import argparse
import json

import numpy as np
import pandas as pd

from store_sales import data
from store_sales.boosters import BOOSTERS, Booster, Fold
from store_sales.features import ID_COLUMNS

MOST_ROUNDS = 500
WINDOWS = 2
SPACES = {
    "lightgbm": {
        "learning_rate": [0.05, 0.07, 0.1],
        "num_leaves": [31, 47, 63, 95],
        "min_data_in_leaf": [20, 40, 80],
        "feature_fraction": [0.4, 0.6, 0.8],
        "bagging_fraction": [0.7, 0.85],
        "bagging_freq": [1],
        "lambda_l2": [0.0, 5.0, 20.0],
    },
    "xgboost": {
        "learning_rate": [0.05, 0.07, 0.1],
        "max_depth": [5, 6, 7, 8],
        "min_child_weight": [5, 20, 60],
        "subsample": [0.7, 0.85],
        "colsample_bytree": [0.4, 0.6, 0.8],
        "reg_lambda": [1.0, 5.0, 20.0],
    },
    "catboost": {
        "learning_rate": [0.08, 0.12, 0.18],
        "depth": [6, 7, 8],
        "l2_leaf_reg": [1.0, 3.0, 10.0],
    },
}


def windows(table: pd.DataFrame) -> list[tuple[Fold, Fold]]:
    """(learn, validate) folds: each validates on six weeks and learns from all that lies before; newest first."""
    columns = table.columns.drop(ID_COLUMNS)
    folds = []
    end = data.holdout_start(table["Date"])
    for _ in range(WINDOWS):
        start = end - pd.Timedelta(days=data.HORIZON_DAYS)
        parts = [table[table["Date"] < start], table[table["Date"].between(start, end, inclusive="left")]]
        folds.append(tuple(Fold(part[columns], part["Sales"].to_numpy()) for part in parts))
        end = start
    return folds


def curve(booster: type[Booster], settings: dict, learn: Fold, validate: Fold, seed: int) -> list[float]:
    """The validation RMSPE after each of `MOST_ROUNDS` rounds."""
    scores: list[float] = []
    booster.fit(settings, MOST_ROUNDS, seed, learn, validate, lambda _, score: scores.append(score))
    return scores


def search(booster: type[Booster], folds: list[tuple[Fold, Fold]], trials: int, rng: np.random.Generator) -> dict:
    """Try `trials` random settings; return the best with its number of rounds, both by the mean over the windows."""
    best, best_score = {}, np.inf
    for trial in range(trials):
        settings = {name: values[rng.integers(len(values))] for name, values in SPACES[booster.name].items()}
        mean = np.mean([curve(booster, settings, *fold, seed=trial) for fold in folds], axis=0)
        rounds = int(mean.argmin()) + 1
        print(f"{booster.name} trial {trial}: RMSPE {mean.min():.4f} after {rounds} rounds, {settings}", flush=True)
        if mean.min() < best_score:
            best, best_score = {"rounds": rounds, "settings": settings}, mean.min()
    return best


def main() -> None:
    """Search and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10, help="settings to try per booster")
    parser.add_argument("--seed", type=int, default=42)
    arguments = parser.parse_args()
    folds = windows(pd.read_parquet(data.FEATURES))
    rng = np.random.default_rng(arguments.seed)
    best = {booster.name: search(booster, folds, arguments.trials, rng) for booster in BOOSTERS}
    data.HYPERPARAMETERS.write_text(json.dumps(best, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
