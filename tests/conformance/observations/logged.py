"""What is logged to a run: metrics, params, tags; one by one and in batches; the limits of each."""

import math

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from recorder import observe
from runs import UNKNOWN

KEYS = {
    "plain": "loss",
    "slash": "a/b/c",
    "space": "a b",
    "colon": "a:b",
    "signs": "a.b-c_d",
    "unicode": "größe 世界",
    "longest": "k" * 250,
    "too long": "k" * 251,
    "empty": "",
    "star": "a*b",
    "quote": "a'b",
    "backslash": "a\\b",
    "newline": "a\nb",
    "parent": "../a",
    "parent inside": "a/../b",
    "current": "./a",
    "absolute": "/a",
    "double slash": "a//b",
    "trailing slash": "a/",
    "dot": ".",
    "dots": "..",
    "emoji": "😀",
}


def run(client: MlflowClient) -> None:
    experiment = client.create_experiment("logged")

    def new_run() -> str:
        return client.create_run(experiment, start_time=1000).info.run_id

    metrics(client, new_run())
    history(client, new_run())
    params(client, new_run())
    tags(client, new_run())
    batches(client, new_run())
    for kind, log in {
        "metric": lambda run_id, key: client.log_metric(run_id, key, 1.0, 1, 1),
        "param": lambda run_id, key: client.log_param(run_id, key, "1"),
        "tag": lambda run_id, key: client.set_tag(run_id, key, "1"),
        "batch": lambda run_id, key: client.log_batch(run_id, [Metric(key, 1.0, 1, 1)]),
    }.items():
        run_id = new_run()
        for name, key in KEYS.items():
            observe(f"keys.{kind}.{name}", lambda log=log, run_id=run_id, key=key: log(run_id, key))
        observe(f"keys.{kind}.read", lambda run_id=run_id: client.get_run(run_id).data)


def metrics(client: MlflowClient, run_id: str) -> None:
    values = {
        "integer": 3,
        "float": 0.1,
        "negative": -2.5,
        "zero": 0.0,
        "negative zero": -0.0,
        "huge": 1.7976931348623157e308,
        "tiny": 5e-324,
        "nan": math.nan,
        "infinity": math.inf,
        "negative infinity": -math.inf,
        "true": True,
        "large integer": 2**53 + 1,
    }
    for name, value in values.items():
        observe(
            f"metrics.value.{name}",
            lambda name=name, value=value: client.log_metric(run_id, name, value, 1, 0),
        )
    observe("metrics.value.read", lambda: client.get_run(run_id).data)
    observe("metrics.value.nan.history", lambda: client.get_metric_history(run_id, "nan"))
    observe("metrics.value.infinity.history", lambda: client.get_metric_history(run_id, "infinity"))
    observe("metrics.timestamp.zero", lambda: client.log_metric(run_id, "t", 1.0, 0, 0))
    observe("metrics.timestamp.negative", lambda: client.log_metric(run_id, "t", 1.0, -1, 0))
    observe("metrics.timestamp.far", lambda: client.log_metric(run_id, "far", 1.0, 2**53 - 1, 0))
    observe("metrics.step.negative", lambda: client.log_metric(run_id, "s", 1.0, 1, -5))
    observe("metrics.step.far", lambda: client.log_metric(run_id, "s", 2.0, 1, 2**53 - 1))
    observe("metrics.step.read", lambda: client.get_metric_history(run_id, "s"))
    observe("metrics.unknown run", lambda: client.log_metric(UNKNOWN, "m", 1.0))


def history(client: MlflowClient, run_id: str) -> None:
    for value, timestamp, step in [(3, 30, 1), (1, 10, 2), (2, 20, 0), (2, 20, 0), (5, 20, 2), (4, 20, 2)]:
        client.log_metric(run_id, "loss", value, timestamp, step)
    observe("history.order", lambda: client.get_metric_history(run_id, "loss"))
    observe("history.latest", lambda: client.get_run(run_id).data.metrics)
    client.log_metric(run_id, "mixed", math.nan, 10, 5)
    client.log_metric(run_id, "mixed", 1.0, 10, 5)
    observe("history.nan and number at one step", lambda: client.get_metric_history(run_id, "mixed"))
    observe("history.nan and number at one step.latest", lambda: client.get_run(run_id).data.metrics["mixed"])
    observe("history.unknown key", lambda: client.get_metric_history(run_id, "none"))
    observe("history.unknown run", lambda: client.get_metric_history(UNKNOWN, "loss"))
    client.set_terminated(run_id, end_time=5000)
    observe("history.after the end", lambda: client.log_metric(run_id, "late", 1.0, 1, 1))
    observe("history.after the end.read", lambda: client.get_metric_history(run_id, "late"))


def params(client: MlflowClient, run_id: str) -> None:
    observe("params.log", lambda: client.log_param(run_id, "a", 1))
    observe("params.same value", lambda: client.log_param(run_id, "a", "1"))
    observe("params.other value", lambda: client.log_param(run_id, "a", "2"))
    observe("params.empty", lambda: client.log_param(run_id, "empty", ""))
    observe("params.none", lambda: client.log_param(run_id, "none", None))
    observe("params.unicode", lambda: client.log_param(run_id, "u", "größe 世界 😀"))
    observe("params.lines", lambda: client.log_param(run_id, "l", "a\nb\tc"))
    observe("params.longest", lambda: client.log_param(run_id, "longest", "v" * 6000))
    observe("params.too long", lambda: client.log_param(run_id, "too long", "v" * 6001))
    observe("params.too long.again", lambda: client.log_param(run_id, "too long", "v" * 6001))
    observe("params.unknown run", lambda: client.log_param(UNKNOWN, "a", "1"))
    observe("params.read", lambda: client.get_run(run_id).data.params)


def tags(client: MlflowClient, run_id: str) -> None:
    observe("tags.set", lambda: client.set_tag(run_id, "a", 1))
    observe("tags.over", lambda: client.set_tag(run_id, "a", "zwei"))
    observe("tags.empty", lambda: client.set_tag(run_id, "empty", ""))
    observe("tags.longest", lambda: client.set_tag(run_id, "longest", "v" * 8000))
    observe("tags.too long", lambda: client.set_tag(run_id, "too long", "v" * 8001))
    observe("tags.delete", lambda: client.delete_tag(run_id, "a"))
    observe("tags.delete.again", lambda: client.delete_tag(run_id, "a"))
    observe("tags.delete.unknown run", lambda: client.delete_tag(UNKNOWN, "a"))
    observe("tags.unknown run", lambda: client.set_tag(UNKNOWN, "a", "1"))
    observe("tags.read", lambda: client.get_run(run_id).data.tags)


def batches(client: MlflowClient, run_id: str) -> None:
    def metrics(count: int) -> list[Metric]:
        return [Metric(f"m{n}", n, n, n) for n in range(count)]

    def params(count: int) -> list[Param]:
        return [Param(f"p{n}", str(n)) for n in range(count)]

    def tags(count: int) -> list[RunTag]:
        return [RunTag(f"t{n}", str(n)) for n in range(count)]

    observe("batch.all", lambda: client.log_batch(run_id, metrics(3), params(3), tags(3)))
    observe("batch.empty", lambda: client.log_batch(run_id))
    observe("batch.again", lambda: client.log_batch(run_id, metrics(3), params(3), tags(3)))
    observe("batch.read", lambda: client.get_run(run_id).data)
    observe("batch.changed param", lambda: client.log_batch(run_id, params=[Param("p0", "9")]))
    observe(
        "batch.changed params",
        lambda: client.log_batch(run_id, params=[Param("p0", "9"), Param("p1", "9"), Param("new", "1")]),
    )
    observe(
        "batch.doubled param",
        lambda: client.log_batch(run_id, params=[Param("d", "1"), Param("d", "2"), Param("e", "1")]),
    )
    observe(
        "batch.doubled param, same value",
        lambda: client.log_batch(run_id, params=[Param("s", "1"), Param("s", "1")]),
    )
    observe("batch.doubled tag", lambda: client.log_batch(run_id, tags=[RunTag("d", "1"), RunTag("d", "2")]))
    observe("batch.many metrics", lambda: client.log_batch(run_id, metrics(2500)))
    observe("batch.many params", lambda: client.log_batch(run_id, params=params(250)))
    observe("batch.many tags", lambda: client.log_batch(run_id, tags=tags(250)))
    observe("batch.bad key among good ones", lambda: client.log_batch(run_id, [*metrics(1), Metric("a*", 1, 1, 1)]))
    observe("batch.bad param key", lambda: client.log_batch(run_id, params=[Param("a*", "1")]))
    observe("batch.bad tag key", lambda: client.log_batch(run_id, tags=[RunTag("a*", "1")]))
    observe("batch.negative time", lambda: client.log_batch(run_id, [Metric("m", 1, -1, 1)]))
    observe("batch.long param", lambda: client.log_batch(run_id, params=[Param("long", "v" * 6001)]))
    observe("batch.long tag", lambda: client.log_batch(run_id, tags=[RunTag("long", "v" * 8001)]))
    observe("batch.unknown run", lambda: client.log_batch(UNKNOWN, metrics(1)))
    observe("batch.count", lambda: {kind: len(getattr(client.get_run(run_id).data, kind)) for kind in ["metrics", "params", "tags"]})
