"""Step `smoke_test`: load a stage's model from the registry as any client would, and forecast a few rows with it."""

import argparse
import sys
from pathlib import Path

import mlflow
import numpy as np

from store_sales import data


def main() -> int:
    """Print the forecasts; exit code 1 if one is not a finite positive number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", default="Staging", help="stage of the model version to load")
    parser.add_argument("--input", default="rows.json", type=Path, help="a scoring request with dataframe_records")
    arguments = parser.parse_args()

    model = mlflow.pyfunc.load_model(f"models:/{data.MODEL_NAME}/{arguments.stage}")
    rows = data.read_request(arguments.input)
    sales = np.asarray(model.predict(rows), dtype=float)
    print(rows.assign(Sales=sales.round(1)).to_string(index=False))
    usable = np.isfinite(sales) & (sales > 0)
    if not usable.all():
        print(f"{(~usable).sum()} of {len(sales)} forecasts are not finite and positive", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
