"""Searches for runs and experiments: the whole filter language, orders, pages."""

import math
import time

from mlflow import MlflowClient
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import DatasetInput, InputTag, Metric, Param, RunTag, ViewType
from recorder import observe

RUN_FILTERS = [
    "",
    " ",
    "metrics.loss = 0.5",
    "metric.loss = 0.5",
    "metrics.loss != 0.5",
    "metrics.loss > 0.2 and metrics.loss <= 0.8",
    "metrics.loss >= 5e-1",
    "metrics.loss < -1",
    "metrics.loss = '0.5'",
    "metrics.loss LIKE '0%'",
    "metrics.loss == 0.5",
    "metrics.loss <> 0.5",
    "metrics.loss IS NULL",
    "metrics.loss BETWEEN 0 AND 1",
    "metrics.loss > abc",
    "metrics.nan = 0",
    "metrics.nan > 0",
    "metrics.absent > 0",
    "metrics.`val loss` > 0",
    'metrics."val loss" > 0',
    "metrics.val loss > 0",
    "metrics.a.b > 0",
    "metrics.`a/b` > 0",
    "params.kind = 'even'",
    'params.kind = "even"',
    "param.kind = 'even'",
    "parameter.kind = 'even'",
    "parameters.kind = 'even'",
    "params.kind != 'even'",
    "params.kind LIKE 'e%'",
    "params.kind LIKE 'E%'",
    "params.kind like 'e%'",
    "params.kind ILIKE 'E%'",
    "params.kind ilike '_DD'",
    "params.kind = even",
    "params.kind = 1",
    "params.kind > 'even'",
    "params.kind IN ('even', 'odd')",
    "params.sparse IS NULL",
    "params.sparse IS NOT NULL",
    "params.sparse is null",
    "params.sparse is not null",
    "params.`a key` = 'x y'",
    "params.quoted = \"it's\"",
    "params.quoted = 'it''s'",
    "params.unicode = 'größe 世界'",
    "params.percent LIKE '50\\%'",
    "params.percent LIKE '50%'",
    "params.empty = ''",
    "tags.team = 'sales'",
    "tag.team = 'sales'",
    "tags.team != 'sales'",
    "tags.team LIKE 's%'",
    "tags.team ILIKE 'SA%'",
    "tags.team IS NULL",
    "tags.team IS NOT NULL",
    "tags.`mlflow.runName` = 'r1'",
    "tags.mlflow.runName = 'r1'",
    "tags.team IN ('sales')",
    "attributes.status = 'FINISHED'",
    "attribute.status = 'FINISHED'",
    "attr.status = 'FINISHED'",
    "run.status = 'FINISHED'",
    "status = 'FINISHED'",
    "status = 'finished'",
    "status != 'FINISHED'",
    "status LIKE 'FIN%'",
    "status > 'FINISHED'",
    "status IN ('FINISHED')",
    "attributes.run_name = 'r1'",
    "run_name = 'r1'",
    "attributes.`run name` = 'r1'",
    "attributes.`Run Name` = 'r1'",
    "run_name LIKE 'r%'",
    "run_name ILIKE 'R1%'",
    "run_name IN ('r1', 'r2')",
    "run_name IS NULL",
    "user_id = 'ada'",
    "artifact_uri LIKE '%artifacts'",
    "start_time > 1003",
    "attributes.start_time >= 1003 and attributes.start_time < 1005",
    "start_time = '1003'",
    "attributes.created = 1003",
    "end_time > 0",
    "end_time <= 2002",
    "end_time IS NULL",
    "attributes.run_id = 'x'",
    "attributes.run_id LIKE '%'",
    "attributes.run_id IN ('x', 'y')",
    "attributes.run_id NOT IN ('x', 'y')",
    "attributes.run_id IN ('x')",
    "attributes.run_id IN ()",
    "attributes.run_id IN 'x'",
    "attributes.run_id IN (1, 2)",
    "attributes.experiment_id = '1'",
    "attributes.lifecycle_stage = 'active'",
    "attributes.run_uuid = 'x'",
    "datasets.name = 'first'",
    "dataset.name = 'first'",
    "datasets.name != 'first'",
    "datasets.name LIKE 'f%'",
    "datasets.name IN ('first', 'second')",
    "datasets.name NOT IN ('first')",
    "datasets.digest = 'digest2'",
    "datasets.context = 'training'",
    "datasets.context ILIKE 'TRAIN%'",
    "datasets.source = 'x'",
    "dataset.name = 'first' AND dataset.context = 'training'",
    "metrics.loss > 0 AND params.kind = 'odd' AND tags.team = 'sales'",
    "metrics.loss > 0 and metrics.acc > 0.1 and status = 'FINISHED'",
    "metrics.loss > 0 OR params.kind = 'odd'",
    "NOT metrics.loss > 0",
    "(metrics.loss > 0)",
    "metrics.loss > 0;",
    "metrics.loss > 0 AND",
    "AND metrics.loss > 0",
    "metrics.loss",
    "metrics.loss >",
    "metrics.loss > 0 metrics.acc > 0",
    "> 0",
    "0 < metrics.loss",
    "nonsense",
    "bogus.key = 'x'",
    "bogus = 'x'",
    "params. = 'x'",
    "params.kind = 'unclosed",
    "params.kind = unclosed'",
    "params.`kind = 'x'",
    "params.'kind' = 'even'",
    "attributes.status = FINISHED",
    "METRICS.loss > 0",
    "Params.kind = 'even'",
    "metrics.loss>0.2",
    "  metrics.loss   >   0.2  ",
    "metrics.loss > 0.2 -- comment",
    "metrics.loss > +0.2",
    "metrics.loss > .2",
    "metrics.loss > 1.",
    "metrics.loss > 0x10",
    "metrics.loss > NaN",
    "params.kind = 'even' AND params.kind = 'odd'",
    "tags.team = 'sales' and tags.team != 'ops' and tags.team LIKE '%a%'",
]

RUN_ORDERS = [
    [],
    ["metrics.loss"],
    ["metrics.loss ASC"],
    ["metrics.loss DESC"],
    ["metrics.loss desc"],
    ["metrics.mixed"],
    ["metrics.mixed DESC"],
    ["metrics.absent"],
    ["params.kind", "metrics.loss DESC"],
    ["params.sparse"],
    ["params.sparse DESC"],
    ["tags.team", "start_time"],
    ["tags.team DESC", "start_time DESC"],
    ["attributes.start_time"],
    ["start_time DESC"],
    ["start_time ASC"],
    ["attributes.end_time"],
    ["end_time DESC"],
    ["attributes.status", "start_time"],
    ["run_name DESC"],
    ["attributes.`Created` DESC"],
    ["metrics.`val loss` DESC"],
    ['metrics."val loss"'],
    ["bogus"],
    ["bogus.key"],
    [""],
    ["metrics.loss SIDEWAYS"],
    ["metrics.loss ASC DESC"],
    ["metrics.loss, metrics.acc"],
    ["datasets.name"],
    ["attributes.lifecycle_stage"],
    ["experiment_id"],
]

EXPERIMENT_FILTERS = [
    "name = 'found 1'",
    "attribute.name = 'found 1'",
    "attributes.name = 'found 1'",
    "name != 'found 1' AND name LIKE 'found%'",
    "name LIKE 'found _'",
    "name LIKE 'FOUND%'",
    "name ILIKE 'FOUND%'",
    "name like 'found%'",
    "name > 'found'",
    "name IN ('found 1')",
    "name = found",
    "name IS NULL",
    "experiment_id = '1'",
    "lifecycle_stage = 'active'",
    "creation_time > 0 AND name LIKE 'found%'",
    "creation_time < 1000",
    "creation_time = 'x'",
    "last_update_time > 0 AND name LIKE 'found%'",
    "last_updated_time > 0",
    "tags.team = 'sales'",
    "tag.team = 'sales'",
    "tags.team != 'sales'",
    "tags.team LIKE 's%'",
    "tags.team ILIKE 'S%'",
    "tags.team ilike 'S%'",
    "tags.`a key` = 'x'",
    "tags.team IS NULL AND name LIKE 'found%'",
    "tags.team IS NOT NULL",
    "tags.team = 1",
    "tags.team = 'sales' AND name = 'found 2'",
    "name = 'found 1' OR name = 'found 2'",
    "bogus = 'x'",
    "metrics.loss > 1",
    "name =",
    "(name = 'found 1')",
]

EXPERIMENT_ORDERS = [
    ["name"],
    ["name DESC"],
    ["attribute.name desc"],
    ["creation_time"],
    ["creation_time DESC"],
    ["last_update_time DESC", "name"],
    ["experiment_id DESC"],
    ["tags.team"],
    ["bogus"],
    ["name SIDEWAYS"],
    [""],
]


def run(client: MlflowClient) -> None:
    runs(client)
    experiments(client)


def runs(client: MlflowClient) -> None:
    experiment = client.create_experiment("searched")
    for number in range(6):
        _searched_run(client, experiment, number)
    deleted = client.create_run(experiment, 1100, run_name="deleted").info.run_id
    client.delete_run(deleted)

    def names(**search) -> list[str]:
        found = client.search_runs([experiment], **search)
        return [each.info.run_name for each in found]

    for filter_string in RUN_FILTERS:
        observe(
            f"search_runs.filter [{filter_string}]",
            lambda filter_string=filter_string: names(filter_string=filter_string, order_by=["start_time"]),
        )
    for order_by in RUN_ORDERS:
        observe(f"search_runs.order {order_by}", lambda order_by=order_by: names(order_by=order_by))
    for count in [0, -1, 1, 50_000, 50_001]:
        observe(f"search_runs.max_results {count}", lambda count=count: names(max_results=count))
    run_ids = {each.info.run_name: each.info.run_id for each in client.search_runs([experiment])}
    observe("search_runs.run_id", lambda: names(filter_string=f"run_id = '{run_ids['r2']}'"))
    observe(
        "search_runs.run_id IN",
        lambda: names(filter_string=f"attributes.run_id IN ('{run_ids['r2']}', '{run_ids['r4']}')"),
    )
    observe("search_runs.run_id NOT IN", lambda: names(filter_string=f"run_id NOT IN ('{run_ids['r2']}')"))
    pages(client, experiment)
    other = client.create_experiment("searched too")
    client.create_run(other, 1200, run_name="other")
    observe(
        "search_runs.two experiments",
        lambda: [each.info.run_name for each in client.search_runs([experiment, other])],
    )
    observe("search_runs.no experiment", lambda: client.search_runs([]))
    observe("search_runs.unknown experiment", lambda: client.search_runs(["987654"]))
    observe("search_runs.no number", lambda: client.search_runs(["abc"]))
    observe("search_runs.whole", lambda: client.search_runs([experiment], "run_name = 'r1'"))


def pages(client: MlflowClient, experiment: str) -> None:
    seen, token = [], None
    while True:
        page = client.search_runs([experiment], order_by=["metrics.loss"], max_results=2, page_token=token)
        seen.append([each.info.run_name for each in page])
        token = page.token
        if not token:
            break
    observe("search_runs.pages", seen)
    observe("search_runs.bad token", lambda: client.search_runs([experiment], page_token="%%%"))
    observe("search_runs.foreign token", lambda: client.search_runs([experiment], page_token="bm9uc2Vuc2U="))


def _searched_run(client: MlflowClient, experiment: str, number: int) -> None:
    run_id = client.create_run(
        experiment, 1000 + number, {"mlflow.user": "ada" if number < 3 else "bob"}, f"r{number}"
    ).info.run_id
    metrics = [
        Metric("loss", number / 4, 1, 1),
        Metric("acc", number / 10, 1, 1),
        Metric("val loss", -number, 1, 1),
        Metric("a.b", number, 1, 1),
        Metric("a/b", number, 1, 1),
    ]
    if number == 1:
        metrics.append(Metric("nan", math.nan, 1, 1))
    if number < 4:
        metrics.append(Metric("mixed", [2.0, math.nan, math.inf, -math.inf][number], 1, 1))
    params = [
        Param("kind", "even" if number % 2 == 0 else "odd"),
        Param("a key", "x y"),
        Param("quoted", "it's"),
        Param("unicode", "größe 世界"),
        Param("percent", "50%" if number else "500"),
        Param("empty", ""),
    ]
    if number in (2, 5):
        params.append(Param("sparse", f"s{number}"))
    tags = [RunTag("team", "sales" if number < 2 else "ops")] if number < 4 else []
    client.log_batch(run_id, metrics, params, tags)
    if number < 3:
        client.log_inputs(
            run_id,
            [
                DatasetInput(
                    _dataset(["first", "second", "third"][number], f"digest{number}"),
                    [InputTag("mlflow.data.context", "training" if number < 2 else "eval")],
                )
            ],
        )
    if number < 5:
        client.set_terminated(run_id, ["FINISHED", "FAILED", "KILLED", "FINISHED", "FINISHED"][number], 2000 + number)


def _dataset(name: str, digest: str):
    source = HTTPDatasetSource(url="http://example.invalid/data.csv")
    return MetaDataset(source, name=name, digest=digest)._to_mlflow_entity()


def experiments(client: MlflowClient) -> None:
    for number in range(4):
        tags = {"a key": "x", "team": "sales" if number % 2 == 0 else "ops"} if number < 3 else {}
        client.create_experiment(f"found {number}", tags=tags)
        # Times are orders: no two of these may be the same.
        time.sleep(0.002)
    client.set_experiment_tag(client.get_experiment_by_name("found 0").experiment_id, "touched", "yes")
    client.delete_experiment(client.create_experiment("found deleted"))

    def names(**search) -> list[str]:
        return [each.name for each in client.search_experiments(**search)]

    for filter_string in EXPERIMENT_FILTERS:
        observe(
            f"search_experiments.filter [{filter_string}]",
            lambda filter_string=filter_string: names(filter_string=filter_string, order_by=["name"]),
        )
    mine = "name LIKE 'found%'"
    observe("search_experiments.default order", lambda: names(filter_string=mine))
    for order_by in EXPERIMENT_ORDERS:
        observe(
            f"search_experiments.order {order_by}",
            lambda order_by=order_by: names(filter_string=mine, order_by=order_by),
        )
    for view in [ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL]:
        observe(
            f"search_experiments.{ViewType.to_string(view)}",
            lambda view=view: names(filter_string=mine, view_type=view, order_by=["name"]),
        )
    for count in [0, -1, 2, 50_001]:
        observe(
            f"search_experiments.max_results {count}",
            lambda count=count: client.search_experiments(
                filter_string="name LIKE 'found%'", order_by=["name"], max_results=count
            ),
        )
    first = client.search_experiments(filter_string=mine, order_by=["name"], max_results=3)
    observe(
        "search_experiments.second page",
        lambda: names(filter_string=mine, order_by=["name"], max_results=3, page_token=first.token),
    )
    observe("search_experiments.bad token", lambda: client.search_experiments(page_token="%%%"))
