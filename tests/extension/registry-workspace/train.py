import mlflow

with mlflow.start_run() as run:
    mlflow.register_model(f"runs:/{run.info.run_id}/model", "sales")
