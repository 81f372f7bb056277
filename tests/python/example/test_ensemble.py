import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from store_sales import data
from store_sales.boosters import BOOSTERS, Fold
from store_sales.ensemble import StoreSalesEnsemble
from store_sales.evaluate import naive_forecast
from store_sales.features import ID_COLUMNS, build
from store_sales.metric import rmspe
from store_sales.train import folds

from .conftest import EXAMPLE, LAGS, WINDOWS

ROUNDS = 40
WEIGHTS = {"lightgbm": 0.3, "xgboost": 0.6, "catboost": 0.1}
HYPERPARAMETERS = json.loads((EXAMPLE / "config/best_hyperparameters.json").read_text())


def fit(learn, holdout, on_round=lambda step, score: None):
    return [
        booster.fit(HYPERPARAMETERS[booster.name]["settings"], ROUNDS, 1, learn, holdout, on_round)
        for booster in BOOSTERS
    ]


@pytest.fixture(scope="module")
def table(raw):
    """The feature table as the step writes it."""
    features = build(raw.sales, raw.sales, raw.stores, LAGS, WINDOWS)
    usable = (raw.sales["Sales"] > 0) & features["sales_weekday_mean"].notna()
    return pd.concat([raw.sales[ID_COLUMNS], features], axis=1)[usable]


@pytest.fixture(scope="module")
def boosters(table):
    return fit(*folds(table))


@pytest.fixture(scope="module")
def model(raw, boosters, tmp_path_factory):
    """The registered model, after a round trip through its files."""
    parts = tmp_path_factory.mktemp("parts")
    known = raw.sales[raw.sales["Date"] < data.holdout_start(raw.sales["Date"])]
    settings = {"weights": WEIGHTS, "lags": LAGS, "windows": WINDOWS}
    StoreSalesEnsemble.save(parts, boosters, settings, known, raw.stores)
    model = StoreSalesEnsemble()
    model.load_context(SimpleNamespace(artifacts={"parts": str(parts)}))
    return model


@pytest.fixture(scope="module")
def holdout(raw):
    dates = raw.sales["Date"]
    return raw.sales[(dates >= data.holdout_start(dates)) & (raw.sales["Sales"] > 0)]


def test_the_holdout_is_the_last_six_weeks(table):
    learn, holdout = folds(table)
    assert len(learn.sales) + len(holdout.sales) == len(table)
    days = table.loc[holdout.features.index, "Date"]
    assert (days.max() - days.min()).days <= 41
    assert table.loc[learn.features.index, "Date"].max() < days.min()


def test_every_booster_beats_the_naive_forecast(raw, model, holdout):
    forecasts = model.predict_members(holdout)
    naive = rmspe(holdout["Sales"], naive_forecast(raw.sales, holdout))
    assert list(forecasts) == ["lightgbm", "xgboost", "catboost", "ensemble"]
    assert {name for name in forecasts if rmspe(holdout["Sales"], forecasts[name]) >= naive} == set()


def test_a_shuffled_target_gives_a_useless_score(table):
    """No better than forecasting the same number for every store and day: the features hold no trace of the sales."""
    learn, holdout = folds(table)
    shuffled = Fold(learn.features, np.random.default_rng(0).permutation(learn.sales))
    constant = rmspe(holdout.sales, np.full(len(holdout.sales), np.exp(learn.log_sales.mean())))
    for booster in fit(shuffled, holdout):
        assert rmspe(holdout.sales, np.exp(booster.predict_log(holdout.features))) > 0.95 * constant


@pytest.mark.parametrize("booster", BOOSTERS, ids=lambda booster: booster.name)
def test_each_round_is_reported_with_its_score(table, booster):
    learn, holdout = folds(table)
    seen = []
    settings = HYPERPARAMETERS[booster.name]["settings"]
    fitted = booster.fit(settings, 5, 1, learn, holdout, lambda step, score: seen.append((step, score)))
    assert [step for step, _ in seen] == [0, 1, 2, 3, 4]
    score = rmspe(holdout.sales, np.exp(fitted.predict_log(holdout.features)))
    assert seen[-1][1] == pytest.approx(score, rel=1e-4)


def test_the_served_model_sees_the_features_it_was_trained_on(table, boosters, model, holdout):
    """It knows no sales from the holdout on, so this also shows that none of them had been used."""
    _, fold = folds(table)
    forecasts = model.predict_members(holdout)
    for booster in boosters:
        trained = pd.Series(np.exp(booster.predict_log(fold.features)), fold.features.index)
        np.testing.assert_allclose(forecasts.loc[trained.index, booster.name], trained, rtol=1e-4)


def test_the_ensemble_is_the_weighted_mean_of_log_sales(model, holdout):
    forecasts = np.log(model.predict_members(holdout.head(20)))
    expected = sum(weight * forecasts[name] for name, weight in WEIGHTS.items())
    np.testing.assert_allclose(forecasts["ensemble"], expected, rtol=1e-9)


def test_the_example_request_gives_finite_positive_sales(model):
    sales = model.predict(None, data.read_request(EXAMPLE / "rows.json"))
    assert np.isfinite(sales).all()
    assert (sales > 0).all()


def test_what_a_request_leaves_out_has_its_default_and_a_closed_store_sells_nothing(model):
    short = pd.DataFrame({"Store": [1, 1], "Date": ["2015-07-06", "2015-07-06"], "Promo": [1, 1]})
    full = short.assign(Open=[1, 0], StateHoliday="0", SchoolHoliday=0)
    sales = model.predict(None, short)
    assert sales[0] == sales[1] > 0
    np.testing.assert_array_equal(model.predict(None, full), [sales[0], 0])


@pytest.mark.parametrize("day", ["2015-06-19", "2015-08-01"])
def test_a_day_outside_the_six_weeks_is_refused(model, day):
    with pytest.raises(ValueError, match=f"forecasts 2015-06-20 to 2015-07-31; got {day}"):
        model.predict(None, pd.DataFrame({"Store": [1], "Date": [day], "Promo": [0]}))
