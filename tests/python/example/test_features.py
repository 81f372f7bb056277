import numpy as np
import pandas as pd
import pytest
from store_sales.features import build

from .conftest import LAGS, WINDOWS


@pytest.fixture(scope="module")
def features(raw):
    return build(raw.sales, raw.sales, raw.stores, LAGS, WINDOWS)


def test_nothing_younger_than_six_weeks_changes_a_feature(raw, features):
    day = pd.Timestamp("2015-06-20")
    rows = raw.sales["Date"] == day
    changed = raw.sales.copy()
    changed.loc[changed["Date"] > day - pd.Timedelta(days=42), ["Sales", "Customers"]] = 1
    again = build(raw.sales[rows], changed, raw.stores, LAGS, WINDOWS)
    np.testing.assert_allclose(again, features[rows], rtol=1e-12)


def test_the_sales_of_six_weeks_before_are_the_first_that_count(raw, features):
    day = pd.Timestamp("2015-06-20")
    rows = raw.sales["Date"] == day
    changed = raw.sales.copy()
    changed.loc[changed["Date"] == day - pd.Timedelta(days=42), "Sales"] = 1
    again = build(raw.sales[rows], changed, raw.stores, LAGS, WINDOWS)
    moved = [name for name in features if not np.allclose(again[name], features.loc[rows, name], equal_nan=True)]
    assert {"sales_lag_42", "sales_mean_28", "sales_weekday_mean"} <= set(moved)
    assert "sales_lag_49" not in moved


def test_lags_are_the_log_sales_of_that_day(raw, features):
    row = raw.sales.index[(raw.sales["Store"] == 3) & (raw.sales["Date"] == "2015-07-31")][0]
    sold = raw.sales.set_index(["Store", "Date"])["Sales"]
    assert features.loc[row, "sales_lag_42"] == pytest.approx(np.log(sold[3, pd.Timestamp("2015-06-19")]))


def test_a_rolling_mean_spans_its_window_and_skips_closed_days(raw, features):
    row = raw.sales.index[(raw.sales["Store"] == 3) & (raw.sales["Date"] == "2015-07-31")][0]
    window = raw.sales[
        (raw.sales["Store"] == 3) & raw.sales["Date"].between("2015-05-23", "2015-06-19") & (raw.sales["Sales"] > 0)
    ]
    assert features.loc[row, "sales_mean_28"] == pytest.approx(np.log(window["Sales"]).mean())


def test_a_few_rows_get_the_same_features_as_in_the_whole_table(raw, features):
    few = raw.sales[raw.sales["Store"].isin([2, 5])].tail(400).sample(20, random_state=0)
    alone = build(few, raw.sales, raw.stores, LAGS, WINDOWS)
    np.testing.assert_allclose(alone, features.loc[few.index], rtol=1e-9)


def test_refuses_a_lag_within_the_horizon(raw):
    with pytest.raises(ValueError, match=r"at least the horizon of 42 days; got \[7\]"):
        build(raw.sales, raw.sales, raw.stores, [7, 42], WINDOWS)


def test_names_an_unknown_store(raw):
    with pytest.raises(ValueError, match=r"unknown stores \[99\]"):
        build(raw.sales.head(1).assign(Store=99), raw.sales, raw.stores, LAGS, WINDOWS)


def test_promo2_counts_in_the_months_of_the_stores_interval(raw):
    stores = raw.stores.copy()
    stores[["Promo2", "Promo2SinceYear", "Promo2SinceWeek", "PromoInterval"]] = [1, 2015, 20, "Mar,Jun,Sept,Dec"]
    days = raw.sales[
        (raw.sales["Store"] == 1) & raw.sales["Date"].isin(pd.to_datetime(["2015-03-02", "2015-06-02", "2015-07-02"]))
    ]
    table = build(days, raw.sales, stores, LAGS, WINDOWS).set_index(days["Date"].dt.month)
    assert table["promo2"].to_dict() == {3: 0, 6: 1, 7: 1}
    assert table["promo2_month"].to_dict() == {3: 0, 6: 1, 7: 0}
