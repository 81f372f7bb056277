"""What is linked to runs: data sets and, from MLflow 3 on, logged models."""

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric
from recorder import observe
from runs import UNKNOWN

VERSION_3 = mlflow.__version__.startswith("3.")


def run(client: MlflowClient) -> None:
    datasets(client)
    if VERSION_3:
        logged_models(client)
        model_searches(client)


def dataset(name: str = "data", digest: str = "abc", **more: str | None) -> Dataset:
    given = {"source_type": "local", "source": "{}", "schema": None, "profile": None} | more
    return Dataset(name, digest, **given)


def datasets(client: MlflowClient) -> None:
    experiment = client.create_experiment("data sets")
    run_id = client.create_run(experiment, 1000).info.run_id

    def read():
        inputs = client.get_run(run_id).inputs.dataset_inputs
        return sorted(inputs, key=lambda each: (each.dataset.name, each.dataset.digest))

    training = [InputTag("mlflow.data.context", "training")]
    full = dataset("full", schema='{"a": 1}', profile='{"rows": 2}')
    observe("inputs.log", lambda: client.log_inputs(run_id, [DatasetInput(full, training)]))
    observe("inputs.read", read)
    observe("inputs.again", lambda: client.log_inputs(run_id, [DatasetInput(full, training)]))
    observe("inputs.again.read", read)
    evaluation = [InputTag("mlflow.data.context", "eval"), InputTag("other", "x")]
    observe("inputs.other context", lambda: client.log_inputs(run_id, [DatasetInput(full, evaluation)]))
    observe("inputs.other context.read", read)
    changed = dataset("full", source="changed", schema="changed")
    observe("inputs.changed source", lambda: client.log_inputs(run_id, [DatasetInput(changed, [])]))
    observe("inputs.changed source.read", read)
    other_digest = DatasetInput(dataset("full", "def"), [])
    observe("inputs.other digest", lambda: client.log_inputs(run_id, [other_digest]))
    observe("inputs.no tags.read", read)
    observe("inputs.two at once", lambda: client.log_inputs(run_id, [DatasetInput(dataset("a"), []), DatasetInput(dataset("b"), [])]))
    observe("inputs.none", lambda: client.log_inputs(run_id, []))
    observe("inputs.unknown run", lambda: client.log_inputs(UNKNOWN, [DatasetInput(full, [])]))
    observe("inputs.unicode", lambda: client.log_inputs(run_id, [DatasetInput(dataset("größe 世界"), [])]))
    limits = {
        "name": dataset("n" * 501),
        "longest name": dataset("n" * 500),
        "digest": dataset("long digest", "d" * 37),
        "longest digest": dataset("longest digest", "d" * 36),
        "source": dataset("long source", source="s" * 65536),
        "no name": dataset(""),
        "no digest": dataset("no digest", ""),
    }
    for name, each in limits.items():
        observe(f"inputs.limit.{name}", lambda each=each: client.log_inputs(run_id, [DatasetInput(each, [])]))
    tag_limits = {"key": InputTag("k" * 256, "v"), "value": InputTag("k", "v" * 501), "empty": InputTag("", "v")}
    for name, tag in tag_limits.items():
        observe(
            f"inputs.limit.tag {name}",
            lambda name=name, tag=tag: client.log_inputs(run_id, [DatasetInput(dataset(f"tag {name}"), [tag])]),
        )
    observe("inputs.all.read", lambda: [(each.dataset.name, each.dataset.digest) for each in read()])


def logged_models(client: MlflowClient) -> None:
    from mlflow.entities import LoggedModelInput, LoggedModelOutput, LoggedModelParameter  # noqa: F401

    experiment = client.create_experiment("logged models")
    run_id = client.create_run(experiment, 1000).info.run_id
    plain = observe("logged_models.create", lambda: client.create_logged_model(experiment, name="plain"))
    observe(
        "logged_models.create.full",
        lambda: client.create_logged_model(
            experiment, "full", run_id, {"team": "sales", "empty": ""}, {"lr": "0.1", "depth": "6"}, "agent"
        ),
    )
    for name in ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", "größe", "a b"]:
        observe(
            f"logged_models.create.name {name}",
            lambda name=name: client.create_logged_model(experiment, name).name,
        )
    observe("logged_models.create.unknown experiment", lambda: client.create_logged_model("987654", "m"))
    observe("logged_models.create.unknown run", lambda: client.create_logged_model(experiment, "orphan", UNKNOWN))
    observe(
        "logged_models.create.long param",
        lambda: client.create_logged_model(experiment, "long", params={"p": "v" * 6001}),
    )
    observe(
        "logged_models.create.many params",
        lambda: len(client.create_logged_model(experiment, "many", params={f"p{n}": str(n) for n in range(250)}).params),
    )
    observe("logged_models.get", lambda: client.get_logged_model(plain.model_id))
    observe("logged_models.get.unknown", lambda: client.get_logged_model(f"m-{UNKNOWN}"))
    observe("logged_models.get.no id", lambda: client.get_logged_model("nonsense"))
    for status in ["READY", "FAILED", "PENDING"]:
        observe(
            f"logged_models.finalize.{status}",
            lambda status=status: client.finalize_logged_model(plain.model_id, status),
        )
    observe("logged_models.finalize.unknown", lambda: client.finalize_logged_model(f"m-{UNKNOWN}", "READY"))
    observe("logged_models.set_tags", lambda: client.set_logged_model_tags(plain.model_id, {"a": "1", "b": "2"}))
    observe("logged_models.set_tags.over", lambda: client.set_logged_model_tags(plain.model_id, {"a": "eins"}))
    observe("logged_models.set_tags.unknown", lambda: client.set_logged_model_tags(f"m-{UNKNOWN}", {"a": "1"}))
    observe("logged_models.set_tags.odd key", lambda: client.set_logged_model_tags(plain.model_id, {"a/b c": "1"}))
    observe("logged_models.set_tags.bad key", lambda: client.set_logged_model_tags(plain.model_id, {"a*": "1"}))
    observe("logged_models.delete_tag", lambda: client.delete_logged_model_tag(plain.model_id, "b"))
    observe("logged_models.delete_tag.again", lambda: client.delete_logged_model_tag(plain.model_id, "b"))
    observe("logged_models.delete_tag.odd key", lambda: client.delete_logged_model_tag(plain.model_id, "a/b c"))
    observe("logged_models.tags.read", lambda: client.get_logged_model(plain.model_id).tags)
    observe("logged_models.log_params", lambda: client.log_model_params(plain.model_id, {"lr": "0.1"}))
    observe("logged_models.log_params.same", lambda: client.log_model_params(plain.model_id, {"lr": "0.1"}))
    observe("logged_models.log_params.other", lambda: client.log_model_params(plain.model_id, {"lr": "0.2"}))
    observe("logged_models.log_params.read", lambda: client.get_logged_model(plain.model_id).params)
    observe(
        "logged_models.metric",
        lambda: client.log_metric(run_id, "rmse", 0.5, 1000, 1, model_id=plain.model_id),
    )
    observe(
        "logged_models.metric of a data set",
        lambda: client.log_metric(
            run_id, "rmse", 0.25, 2000, 2, dataset_name="d", dataset_digest="x", model_id=plain.model_id
        ),
    )
    observe("logged_models.metrics", lambda: client.get_logged_model(plain.model_id).metrics)
    observe("logged_models.metrics.of the run", lambda: client.get_run(run_id).data.metrics)
    observe("logged_models.metrics.history", lambda: client.get_metric_history(run_id, "rmse"))
    observe("outputs.log", lambda: client.log_outputs(run_id, [LoggedModelOutput(plain.model_id, step=3)]))
    observe("outputs.read", lambda: client.get_run(run_id).outputs)
    observe("outputs.unknown run", lambda: client.log_outputs(UNKNOWN, [LoggedModelOutput(plain.model_id, 0)]))
    observe("inputs.model", lambda: client.log_inputs(run_id, models=[LoggedModelInput(plain.model_id)]))
    observe("inputs.model.read", lambda: client.get_run(run_id).inputs.model_inputs)
    observe("logged_models.delete", lambda: client.delete_logged_model(plain.model_id))
    observe("logged_models.delete.read", lambda: client.get_logged_model(plain.model_id))
    observe("logged_models.delete.again", lambda: client.delete_logged_model(plain.model_id))


MODEL_FILTERS = [
    "name = 'm1'",
    "attributes.name = 'm1'",
    "name != 'm1'",
    "name LIKE 'm%'",
    "name ILIKE 'M1'",
    "name like 'm%'",
    "name IN ('m1', 'm2')",
    "name NOT IN ('m1')",
    "model_type = 'agent'",
    "status = 'READY'",
    "creation_timestamp > 0",
    "creation_time > 0",
    "last_updated_timestamp > 0",
    "metrics.rmse > 0.15",
    "metrics.rmse > 0.15 and metrics.rmse < 0.25",
    "metrics.absent > 0",
    "params.lr = '1'",
    "params.lr != '1'",
    "params.lr LIKE '%'",
    "tags.team = 'sales'",
    "tag.team = 'sales'",
    "tags.team != 'sales'",
    "tags.`a key` = 'x'",
    "name = 'm1' AND params.lr = '1'",
    "name = 'm1' OR name = 'm2'",
    "name > 'm1'",
    "metrics.rmse = 'x'",
    "params.lr = 1",
    "bogus = 'x'",
    "bogus.key = 'x'",
    "name =",
    "name IS NULL",
]

MODEL_ORDERS = [
    ("name", True),
    ("name", False),
    ("creation_timestamp", True),
    ("creation_time", False),
    ("last_updated_timestamp", True),
    ("metrics.rmse", True),
    ("metrics.rmse", False),
    ("params.lr", True),
    ("model_id", None),
    ("bogus", True),
]


def model_searches(client: MlflowClient) -> None:
    import time

    experiment = client.create_experiment("searched models")
    run_id = client.create_run(experiment, 1000).info.run_id
    for number in range(4):
        model = client.create_logged_model(
            experiment,
            f"m{number}",
            run_id if number < 2 else None,
            {"team": "sales" if number < 2 else "ops", "a key": "x"} if number < 3 else {},
            {"lr": str(number)},
            "agent" if number == 0 else None,
        )
        if number < 3:
            metric = Metric("rmse", number / 10, 1000, 1, model_id=model.model_id)
            client.log_batch(run_id, [metric])
        if number == 1:
            client.finalize_logged_model(model.model_id, "READY")
        time.sleep(0.002)

    def names(**search) -> list[str]:
        return [each.name for each in client.search_logged_models([experiment], **search)]

    by_name = [{"field_name": "name", "ascending": True}]
    for filter_string in MODEL_FILTERS:
        observe(
            f"search_logged_models.filter [{filter_string}]",
            lambda filter_string=filter_string: names(filter_string=filter_string, order_by=by_name),
        )
    observe("search_logged_models.source_run_id", lambda: names(filter_string=f"source_run_id = '{run_id}'", order_by=by_name))
    observe("search_logged_models.default order", lambda: names())
    for field, ascending in MODEL_ORDERS:
        order = {"field_name": field} | ({} if ascending is None else {"ascending": ascending})
        if field == "model_id":
            observe(f"search_logged_models.order {order}", lambda order=order: len(names(order_by=[order])))
        else:
            observe(f"search_logged_models.order {order}", lambda order=order: names(order_by=[order]))
    page = observe(
        "search_logged_models.page",
        lambda: client.search_logged_models([experiment], max_results=3, order_by=by_name),
    )
    observe(
        "search_logged_models.second page",
        lambda: names(max_results=3, order_by=by_name, page_token=page.token),
    )
    observe("search_logged_models.bad token", lambda: names(page_token="%%%"))
    observe("search_logged_models.max_results 0", lambda: names(max_results=0))
    observe("search_logged_models.no experiment", lambda: client.search_logged_models([]))
    observe(
        "search_logged_models.data set",
        lambda: names(filter_string="metrics.rmse >= 0", datasets=[{"dataset_name": "d"}]),
    )
