"""Learns what is sold on each day of the week, and logs how wrong it is each day, with nothing but MLflow."""

import mlflow
import modelthat
import pandas as pd


class SalesByWeekday(mlflow.pyfunc.PythonModel):
    """Predicts what is usual on a day of the week (0 = Monday)."""

    def __init__(self, usual: dict[int, float]) -> None:
        self.usual = usual

    def predict(self, context, model_input, params=None):
        return model_input["weekday"].map(self.usual)


smoothing = float(modelthat.params()["smoothing"])
data = pd.read_csv("sales.csv")
usual: dict[int, float] = {}
squares: list[float] = []

with mlflow.start_run():
    mlflow.log_param("smoothing", smoothing)
    for day, (weekday, sales) in enumerate(zip(data["weekday"], data["sales"])):
        known = usual.setdefault(weekday, sales)
        squares.append((sales - known) ** 2)
        usual[weekday] = known + smoothing * (sales - known)
        if day % 7 == 6:
            recent = squares[-56:]
            mlflow.log_metric("rmse", (sum(recent) / len(recent)) ** 0.5, step=day)
    mlflow.pyfunc.log_model(
        name="model",
        python_model=SalesByWeekday(usual),
        input_example=pd.DataFrame({"weekday": [0, 5]}),
    )
