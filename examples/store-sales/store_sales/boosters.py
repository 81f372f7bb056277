"""The three gradient boosters of the ensemble, behind one shape: fit with a report per round, predict, save, load.

All learn log sales, so that an equal percentage weighs the same in a small and in a large store, as RMSPE wants.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import catboost
import lightgbm
import numpy as np
import pandas as pd
import xgboost

from store_sales.metric import rmspe

OnRound = Callable[[int, float], None]
"""Called after each boosting round with its number, from 0, and the RMSPE on the watched fold."""


@dataclass(frozen=True)
class Fold:
    """Feature rows and the sales that belong to them."""

    features: pd.DataFrame
    sales: np.ndarray

    @property
    def log_sales(self) -> np.ndarray:
        return np.log(self.sales)


class Booster(ABC):
    """A fitted booster."""

    name: ClassVar[str]
    file: ClassVar[str]
    """The file, within the folder of a model's parts, that holds the booster in its library's own format."""

    @classmethod
    @abstractmethod
    def fit(
        cls, settings: dict[str, Any], rounds: int, seed: int, learn: Fold, watch: Fold, on_round: OnRound
    ) -> "Booster":
        """Boost `rounds` trees on `learn` with the library's `settings`; `watch` is measured, never learnt from."""

    @abstractmethod
    def predict_log(self, features: pd.DataFrame) -> np.ndarray:
        """Log sales, one per row."""

    @abstractmethod
    def importance(self) -> pd.Series:
        """How much each feature contributes, by its name, in a unit of the library's own."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write `file` into `folder`."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> "Booster":
        """Read what `save` wrote."""


class LightGBM(Booster):
    """LightGBM with leaf-wise trees."""

    name = "lightgbm"
    file = "lightgbm.txt"

    def __init__(self, booster: lightgbm.Booster) -> None:
        self.booster = booster

    @classmethod
    def fit(
        cls, settings: dict[str, Any], rounds: int, seed: int, learn: Fold, watch: Fold, on_round: OnRound
    ) -> "LightGBM":
        learned = lightgbm.Dataset(learn.features, learn.log_sales)
        watched = lightgbm.Dataset(watch.features, watch.log_sales, reference=learned)
        booster = lightgbm.train(
            {
                **settings,
                "objective": "regression",
                "metric": "none",
                "seed": seed,
                "deterministic": True,
                "force_col_wise": True,
                "verbosity": -1,
            },
            learned,
            num_boost_round=rounds,
            valid_sets=[watched],
            feval=lambda log_sales, _: ("rmspe", rmspe(watch.sales, np.exp(log_sales)), False),
            callbacks=[lambda env: on_round(env.iteration, env.evaluation_result_list[0][2])],
        )
        return cls(booster)

    def predict_log(self, features: pd.DataFrame) -> np.ndarray:
        return self.booster.predict(features)

    def importance(self) -> pd.Series:
        return pd.Series(self.booster.feature_importance("gain"), self.booster.feature_name())

    def save(self, folder: Path) -> None:
        self.booster.save_model(folder / self.file)

    @classmethod
    def load(cls, folder: Path) -> "LightGBM":
        return cls(lightgbm.Booster(model_file=folder / cls.file))


class XGBoost(Booster):
    """XGBoost with histogram trees."""

    name = "xgboost"
    file = "xgboost.ubj"

    def __init__(self, booster: xgboost.Booster) -> None:
        self.booster = booster

    @classmethod
    def fit(
        cls, settings: dict[str, Any], rounds: int, seed: int, learn: Fold, watch: Fold, on_round: OnRound
    ) -> "XGBoost":
        class Report(xgboost.callback.TrainingCallback):
            def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: dict) -> bool:
                on_round(epoch, evals_log["watch"]["rmspe"][-1])
                return False

        learned = xgboost.QuantileDMatrix(learn.features, learn.log_sales)
        watched = xgboost.QuantileDMatrix(watch.features, watch.log_sales, ref=learned)
        booster = xgboost.train(
            {
                **settings,
                "objective": "reg:squarederror",
                "tree_method": "hist",
                "seed": seed,
                "disable_default_eval_metric": True,
            },
            learned,
            num_boost_round=rounds,
            evals=[(watched, "watch")],
            custom_metric=lambda log_sales, _: ("rmspe", rmspe(watch.sales, np.exp(log_sales))),
            callbacks=[Report()],
            verbose_eval=False,
        )
        return cls(booster)

    def predict_log(self, features: pd.DataFrame) -> np.ndarray:
        return self.booster.predict(xgboost.DMatrix(features))

    def importance(self) -> pd.Series:
        gains = self.booster.get_score(importance_type="total_gain")
        return pd.Series(gains).reindex(self.booster.feature_names, fill_value=0.0)

    def save(self, folder: Path) -> None:
        self.booster.save_model(folder / self.file)

    @classmethod
    def load(cls, folder: Path) -> "XGBoost":
        return cls(xgboost.Booster(model_file=folder / cls.file))


class CatBoost(Booster):
    """CatBoost with symmetric trees."""

    name = "catboost"
    file = "catboost.cbm"

    def __init__(self, booster: catboost.CatBoost) -> None:
        self.booster = booster

    @classmethod
    def fit(
        cls, settings: dict[str, Any], rounds: int, seed: int, learn: Fold, watch: Fold, on_round: OnRound
    ) -> "CatBoost":
        class Rmspe:
            def evaluate(self, approxes, target, weight) -> tuple[float, float]:
                return rmspe(np.exp(np.asarray(target)), np.exp(np.asarray(approxes[0]))), 1.0

            def get_final_error(self, error: float, weight: float) -> float:
                return error

            def is_max_optimal(self) -> bool:
                return False

        class Report:
            def after_iteration(self, info) -> bool:
                on_round(info.iteration - 1, info.metrics["validation"]["Rmspe"][-1])
                return True

        booster = catboost.CatBoost(
            {
                **settings,
                "loss_function": "RMSE",
                "eval_metric": Rmspe(),
                "iterations": rounds,
                "random_seed": seed,
                "use_best_model": False,
                "metric_period": 1,
                "allow_writing_files": False,
                "verbose": False,
            }
        )
        warnings.filterwarnings("ignore", message="Failed to import numba")
        booster.fit(
            catboost.Pool(learn.features, learn.log_sales),
            eval_set=catboost.Pool(watch.features, watch.log_sales),
            callbacks=[Report()],
        )
        return cls(booster)

    def predict_log(self, features: pd.DataFrame) -> np.ndarray:
        return self.booster.predict(features)

    def importance(self) -> pd.Series:
        return pd.Series(self.booster.get_feature_importance(), self.booster.feature_names_)

    def save(self, folder: Path) -> None:
        # The same model is the same file, whenever it was trained: versions are told apart by what they hold.
        metadata = self.booster.get_metadata()
        for volatile in ("model_guid", "train_finish_time"):
            metadata[volatile] = ""
        self.booster.save_model(str(folder / self.file))

    @classmethod
    def load(cls, folder: Path) -> "CatBoost":
        return cls(catboost.CatBoost().load_model(str(folder / cls.file)))


BOOSTERS: tuple[type[Booster], ...] = (LightGBM, XGBoost, CatBoost)
