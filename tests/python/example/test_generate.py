import json

import pandas as pd
import pytest
from store_sales import generate as step
from store_sales.generate import generate
from store_sales.validate import SALES_COLUMNS, STORE_COLUMNS


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """An empty project folder with small parameters."""
    monkeypatch.chdir(tmp_path)
    effective = tmp_path / "params.json"
    effective.write_text(json.dumps({"data": {"seed": 1, "stores": 3, "years": 0.5, "noise": 0.08}}))
    monkeypatch.setenv("MODELTHAT_PARAMS", str(effective))
    return tmp_path


def test_has_the_columns_of_the_competition(raw):
    assert list(raw.sales.columns) == SALES_COLUMNS
    assert list(raw.stores.columns) == STORE_COLUMNS


def test_has_one_row_per_store_and_day_up_to_the_fixed_last_day(raw):
    assert len(raw.sales) == 8 * round(1.5 * 365.25)
    assert not raw.sales.duplicated(["Store", "Date"]).any()
    assert raw.sales["Date"].max() == pd.Timestamp("2015-07-31")


def test_the_seed_decides():
    first, again, other = (generate(seed, 3, 0.5, 0.08)[0] for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first["Sales"].equals(other["Sales"])


def test_promotions_raise_sales_and_closed_stores_sell_nothing(raw):
    weekdays = raw.sales[(raw.sales["Open"] == 1) & (raw.sales["DayOfWeek"] < 6)]
    means = weekdays.groupby("Promo")["Sales"].mean()
    assert means[1] > 1.15 * means[0]
    assert (raw.sales.loc[raw.sales["Open"] == 0, ["Sales", "Customers"]] == 0).all(axis=None)


def test_the_step_writes_the_same_bytes_again_after_its_output_was_lost(workspace):
    step.main()
    tables = [workspace / "data/raw" / name for name in ("train.csv", "store.csv")]
    first = [table.read_bytes() for table in tables]
    tables[0].unlink()
    step.main()
    assert [table.read_bytes() for table in tables] == first


def test_the_step_keeps_tables_that_are_up_to_date(workspace, capsys):
    step.main()
    written = (workspace / "data/raw/train.csv").stat().st_mtime_ns
    step.main()
    assert "nothing to generate" in capsys.readouterr().out
    assert (workspace / "data/raw/train.csv").stat().st_mtime_ns == written


def test_the_step_makes_new_tables_for_other_parameters(workspace):
    step.main()
    before = (workspace / "data/raw/store.csv").read_bytes()
    (workspace / "params.json").write_text(json.dumps({"data": {"seed": 1, "stores": 4, "years": 0.5, "noise": 0.08}}))
    step.main()
    assert (workspace / "data/raw/store.csv").read_bytes() != before


def test_the_step_leaves_tables_alone_that_it_did_not_make(workspace, capsys):
    folder = workspace / "data/raw"
    folder.mkdir(parents=True)
    for name in ("train.csv", "store.csv"):
        (folder / name).write_text("the competition's own\n")
    step.main()
    assert "put there by hand" in capsys.readouterr().out
    assert (folder / "train.csv").read_text() == "the competition's own\n"
