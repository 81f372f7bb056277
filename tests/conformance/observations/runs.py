"""Runs: their making, life and names."""

from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.entities.run import Run
from recorder import observe

UNKNOWN = "0123456789abcdef0123456789abcdef"


def seen(run: Run) -> dict:
    """All of a run but what the client makes up by itself."""
    return {"info": run.info, "data": run.data, "inputs": run.inputs, "outputs": getattr(run, "outputs", None)}


def run(client: MlflowClient) -> None:
    experiment = client.create_experiment("runs")
    making(client, experiment)
    life(client, experiment)
    names(client, experiment)


def making(client: MlflowClient, experiment: str) -> None:
    plain = observe("runs.create", lambda: client.create_run(experiment, start_time=1000))
    observe("runs.create.read", lambda: seen(client.get_run(plain.info.run_id)))
    observe(
        "runs.create.tagged",
        lambda: client.create_run(experiment, 2000, {"team": "sales", "empty": "", "ü": "世界"}, "named"),
    )
    observe("runs.create.name in a tag", lambda: client.create_run(experiment, 1, {"mlflow.runName": "t"}))
    observe("runs.create.name twice", lambda: client.create_run(experiment, 1, {"mlflow.runName": "t"}, "t"))
    observe("runs.create.two names", lambda: client.create_run(experiment, 1, {"mlflow.runName": "t"}, "f"))
    observe("runs.create.empty name", lambda: client.create_run(experiment, 1, run_name=""))
    observe("runs.create.user in a tag", lambda: client.create_run(experiment, 1, {"mlflow.user": "ada"}))
    observe("runs.create.time zero", lambda: client.create_run(experiment, 0).data)
    observe("runs.create.long tag value", lambda: client.create_run(experiment, 1, {"a": "v" * 9000}).data)
    observe("runs.create.tag key too long", lambda: client.create_run(experiment, 1, {"k" * 251: "v"}))
    observe("runs.create.odd tag key", lambda: client.create_run(experiment, 1, {"a//b": "v"}))
    observe("runs.create.unknown experiment", lambda: client.create_run("987654"))
    observe("runs.create.experiment is no number", lambda: client.create_run("abc"))
    observe("runs.get.unknown", lambda: client.get_run(UNKNOWN))
    observe("runs.get.no id", lambda: client.get_run("no-such-run"))


def life(client: MlflowClient, experiment: str) -> None:
    run_id = client.create_run(experiment, 1000, run_name="mortal").info.run_id

    def info():
        return client.get_run(run_id).info

    for status in ["FINISHED", "FAILED", "KILLED", "SCHEDULED", "RUNNING"]:
        observe(f"runs.update.{status}", lambda status=status: client.update_run(run_id, status))
        observe(f"runs.update.{status}.read", info)
    observe("runs.terminate", lambda: client.set_terminated(run_id, "FINISHED", 5000))
    observe("runs.terminate.read", info)
    observe("runs.terminate.again", lambda: client.set_terminated(run_id, "FAILED", 6000))
    observe("runs.terminate.again.read", info)
    observe("runs.resume", lambda: client.update_run(run_id, "RUNNING"))
    observe("runs.resume.read", info)
    observe("runs.terminate.unknown", lambda: client.set_terminated(UNKNOWN))
    observe("runs.update.unknown", lambda: client.update_run(UNKNOWN, "FAILED"))
    client.log_metric(run_id, "m", 1.0, 1, 0)
    observe("runs.delete", lambda: client.delete_run(run_id))
    observe("runs.delete.read", info)
    observe("runs.delete.again", lambda: client.delete_run(run_id))
    observe("runs.delete.unknown", lambda: client.delete_run(UNKNOWN))
    observe("runs.deleted.log_metric", lambda: client.log_metric(run_id, "m", 1.0))
    observe("runs.deleted.log_param", lambda: client.log_param(run_id, "p", "1"))
    observe("runs.deleted.set_tag", lambda: client.set_tag(run_id, "t", "1"))
    observe("runs.deleted.delete_tag", lambda: client.delete_tag(run_id, "mlflow.runName"))
    observe("runs.deleted.log_batch", lambda: client.log_batch(run_id, tags=[]))
    observe("runs.deleted.update", lambda: client.update_run(run_id, "FAILED"))
    observe("runs.deleted.history", lambda: client.get_metric_history(run_id, "m"))
    for view in [ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL]:
        observe(
            f"runs.search.{ViewType.to_string(view)}",
            lambda view=view: [
                (found.info.run_name, found.info.lifecycle_stage)
                for found in client.search_runs(
                    [experiment], "attributes.run_name = 'mortal'", run_view_type=view
                )
            ],
        )
    observe("runs.restore", lambda: client.restore_run(run_id))
    observe("runs.restore.read", info)
    observe("runs.restore.again", lambda: client.restore_run(run_id))
    observe("runs.restore.unknown", lambda: client.restore_run(UNKNOWN))


def names(client: MlflowClient, experiment: str) -> None:
    run_id = client.create_run(experiment, 1000, run_name="before").info.run_id

    def name():
        found = client.get_run(run_id)
        return {"info": found.info.run_name, "tag": found.data.tags.get("mlflow.runName")}

    observe("runs.rename", lambda: client.update_run(run_id, name="after"))
    observe("runs.rename.read", name)
    observe("runs.rename.to nothing", lambda: client.update_run(run_id, name=""))
    observe("runs.rename.to nothing.read", name)
    observe("runs.rename.by tag", lambda: client.set_tag(run_id, "mlflow.runName", "by tag"))
    observe("runs.rename.by tag.read", name)
    observe("runs.rename.name tag deleted", lambda: client.delete_tag(run_id, "mlflow.runName"))
    observe("runs.rename.name tag deleted.read", name)
    observe("runs.rename.long", lambda: client.update_run(run_id, name="n" * 300))
    observe("runs.rename.long.read", name)
