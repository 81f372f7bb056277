"""The example's code, tested on a few small stores.

In an environment with `tests/python/requirements.txt`, from the repository's root:
`python -m pytest tests/python/example`.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "store-sales"
sys.path.insert(0, str(EXAMPLE))

from store_sales.generate import generate  # noqa: E402  (importable only from here on)

LAGS = [42, 49, 56, 63, 364]
WINDOWS = [28, 84]


class RawTables(NamedTuple):
    """The two tables as the steps read them: dates parsed."""

    sales: pd.DataFrame
    stores: pd.DataFrame


@pytest.fixture(scope="session")
def raw() -> RawTables:
    """Eight stores over a year and a half. Tests copy what they change."""
    sales, stores = generate(seed=7, stores=8, years=1.5, noise=0.08)
    return RawTables(sales.assign(Date=pd.to_datetime(sales["Date"])), stores)
