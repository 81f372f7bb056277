import numpy as np
import pytest
from store_sales.metric import rmspe


def test_is_the_root_of_the_mean_squared_percentage_error():
    assert rmspe(np.array([100, 200]), np.array([110, 180])) == pytest.approx(0.1)
    assert rmspe(np.array([100, 200]), np.array([130, 200])) == pytest.approx(np.sqrt(0.09 / 2))


def test_leaves_days_without_sales_out():
    assert rmspe(np.array([100, 0]), np.array([110, 500])) == pytest.approx(0.1)


def test_refuses_a_holdout_without_sales():
    with pytest.raises(ValueError, match="at least one day with sales"):
        rmspe(np.array([0, 0]), np.array([1, 1]))
