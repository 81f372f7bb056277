import json

import pandas as pd
import pytest
from store_sales import validate as step
from store_sales.validate import validate


@pytest.fixture
def as_read(raw, tmp_path, monkeypatch):
    """Writes the tables as files into a project folder and returns them as the step reads them, as text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/raw").mkdir(parents=True)
    raw.sales.to_csv("data/raw/train.csv", index=False)
    raw.stores.to_csv("data/raw/store.csv", index=False)
    return pd.read_csv("data/raw/train.csv", dtype=str), raw.stores.copy()


def failed(results):
    return [result["name"] for result in results if not result["passed"]]


def test_sound_tables_pass_every_check(as_read):
    assert step.main() == 0
    report = json.loads(step.CHECKS_REPORT.read_text())
    assert len(report) > 10
    assert {frozenset(result) for result in report} == {frozenset(["name", "passed", "observed", "expected"])}
    assert failed(report) == []


def test_a_broken_file_fails_the_step_and_is_named(as_read, capsys):
    sales, _ = as_read
    sales.loc[5, "Sales"] = "-3"
    sales.to_csv("data/raw/train.csv", index=False)
    assert step.main() == 1
    assert "sales are not negative: expected 0, found 1" in capsys.readouterr().err
    assert "sales are not negative" in failed(json.loads(step.CHECKS_REPORT.read_text()))


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        ("Date", "31.07.2015", "every Date is a date"),
        ("Sales", "many", "every number is known"),
        ("Sales", None, "every number is known"),
        ("Store", "99", "every store is in store.csv"),
        ("Open", "2", "Open, Promo and SchoolHoliday are 0 or 1"),
        ("StateHoliday", "x", "StateHoliday is 0, a, b or c"),
    ],
)
def test_a_broken_value_fails_its_check(as_read, column, value, check):
    sales, stores = as_read
    sales.loc[5, column] = value
    assert check in failed(validate(sales, stores))


def test_a_repeated_day_and_a_repeated_store_fail(as_read):
    sales, stores = as_read
    doubled = validate(pd.concat([sales, sales.head(1)]), pd.concat([stores, stores.head(1)]))
    assert failed(doubled) == ["one row per store and day", "one row per store in store.csv"]


def test_a_missing_column_is_named(as_read):
    sales, stores = as_read
    (result,) = [r for r in validate(sales.drop(columns="Promo"), stores) if not r["passed"]]
    assert result["observed"] == ["Promo"]


def test_a_history_too_short_to_judge_on_fails(as_read):
    sales, stores = as_read
    assert failed(validate(sales[sales["Date"] > "2015-05-01"], stores)) == ["the history is long enough"]
