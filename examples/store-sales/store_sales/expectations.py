"""Step `validate_raw` of the retraining: what Great Expectations finds in the raw tables."""

import json
import os
import sys
from collections.abc import Sequence

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

from store_sales import data
from store_sales.validate import FLAG_COLUMNS, SALES_COLUMNS, STORE_COLUMNS

REPORT = data.REPORTS / "raw_expectations.json"

SALES = [
    gxe.ExpectTableColumnsToMatchSet(column_set=SALES_COLUMNS, exact_match=False),
    gxe.ExpectColumnValuesToMatchStrftimeFormat(column="Date", strftime_format="%Y-%m-%d"),
    gxe.ExpectCompoundColumnsToBeUnique(column_list=["Store", "Date"]),
    gxe.ExpectColumnValuesToNotBeNull(column="Sales"),
    gxe.ExpectColumnValuesToBeBetween(column="Sales", min_value=0),
    gxe.ExpectColumnValuesToBeInSet(column="StateHoliday", value_set=list("0abc")),
    *(gxe.ExpectColumnValuesToBeInSet(column=column, value_set=[0, 1]) for column in FLAG_COLUMNS),
]
STORES = [
    gxe.ExpectTableColumnsToMatchSet(column_set=STORE_COLUMNS, exact_match=False),
    gxe.ExpectColumnValuesToBeUnique(column="Store"),
    gxe.ExpectColumnValuesToBeInSet(column="StoreType", value_set=list("abcd")),
    gxe.ExpectColumnValuesToBeInSet(column="Assortment", value_set=list("abc")),
    gxe.ExpectColumnValuesToBeBetween(column="CompetitionDistance", min_value=1),
]


def validate(name: str, table: pd.DataFrame, expectations: Sequence[gxe.Expectation]) -> list[dict]:
    """Results of Great Expectations for one table, as it writes them."""
    asset = gx.get_context(mode="ephemeral").data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe(name).get_batch({"dataframe": table})
    suite = gx.ExpectationSuite(name=name, expectations=list(expectations))
    return batch.validate(suite).to_json_dict()["results"]


def main() -> int:
    """Write `reports/raw_expectations.json`; exit code 1 if an expectation was not met."""
    sales = pd.read_csv(data.SALES_CSV, dtype={"StateHoliday": str})
    stores = pd.read_csv(data.STORES_CSV)
    results = [*validate("sales", sales, SALES), *validate("stores", stores, STORES)]
    data.REPORTS.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps({"results": results}, indent=2), encoding="utf-8")
    met = sum(result["success"] for result in results)
    print(f"{met} of {len(results)} expectations met")
    return 0 if met == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
