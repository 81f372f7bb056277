"""The model that tests log, in the way of either MLflow."""

import mlflow
import pandas as pd
from mlflow.models.model import ModelInfo

MLFLOW_3 = int(mlflow.__version__.split(".")[0]) >= 3
"""MLflow 3 keeps models beside runs, MLflow 2 among a run's artifacts."""

FRAME = pd.DataFrame({"x": [1.0, 2.0, 3.0]})


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


def path_of(name: str) -> dict[str, str]:
    """The argument of `log_model` that says how the model is called."""
    return {"name": name} if MLFLOW_3 else {"artifact_path": name}


def log_pyfunc(name: str = "model", **more: object) -> ModelInfo:
    """Logs a model that doubles what it gets."""
    return mlflow.pyfunc.log_model(
        python_model=Doubler(), pip_requirements=[], **path_of(name), **more
    )


def doubles(uri: str) -> bool:
    """Whether the model at the URI is the one that `log_pyfunc` logs."""
    return mlflow.pyfunc.load_model(uri).predict(FRAME)["x"].tolist() == [2.0, 4.0, 6.0]
