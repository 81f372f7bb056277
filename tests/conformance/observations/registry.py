"""The model registry: models, versions, stages, aliases, tags and searches."""

import time

from mlflow import MlflowClient
from recorder import observe
from runs import UNKNOWN

NAMES = ["a/b", "a:b", "a b", "größe 世界", "a.b", ".", "..", "n" * 256, "n" * 257, "   ", "", "a%b", "a\\b", "a'b"]

SOURCES = {
    "proxied": "mlflow-artifacts:/models/a",
    "trailing slashes": "mlflow-artifacts:/models///",
    "host": "mlflow-artifacts://host:9000/models",
    "s3": "s3://bucket/model",
    "https": "https://example.invalid/model",
    "dbfs": "dbfs:/model",
    "parent": "mlflow-artifacts:/models/../a",
    "encoded parent": "mlflow-artifacts://host:9000/models/%2e%2e%2fa",
    "twice encoded parent": "mlflow-artifacts:/models/%252e%252e%252fa",
    "four dots": "mlflow-artifacts:/models/..../a",
    "nul": "mlflow-artifacts:/models/a%00",
    "s3 parent": "s3a://bucket/../a",
    "local": "/etc/model",
    "relative": "model",
    "file": "file:///etc/model",
    "file host": "file://123.123.123.123/model",
    "empty": "",
    "version": "models:/versioned/1",
    "unknown version": "models:/versioned/99",
    "run": f"runs:/{UNKNOWN}/model",
    "long": "s3://bucket/" + "a" * 480,
}


def run(client: MlflowClient) -> None:
    models(client)
    versions(client)
    stages(client)
    aliases(client)
    model_searches(client)
    version_searches(client)


def models(client: MlflowClient) -> None:
    observe("models.create", lambda: client.create_registered_model("first"))
    observe(
        "models.create.full",
        lambda: client.create_registered_model("full", {"team": "sales", "empty": ""}, "about é"),
    )
    observe("models.create.again", lambda: client.create_registered_model("first"))
    for name in NAMES:
        label = f"{len(name)} x n" if name.startswith("nn") else name
        observe(f"models.create.name [{label}]", lambda name=name: client.create_registered_model(name).name)
    observe(
        "models.create.long description",
        lambda: len(client.create_registered_model("described", description="d" * 5001).description),
    )
    observe("models.get", lambda: client.get_registered_model("full"))
    observe("models.get.unknown", lambda: client.get_registered_model("nobody"))
    observe("models.get.other case", lambda: client.get_registered_model("FULL"))
    observe("models.update", lambda: client.update_registered_model("full", "new words"))
    observe("models.update.none", lambda: client.update_registered_model("full", None))
    observe("models.update.empty", lambda: client.update_registered_model("full", ""))
    observe("models.update.unknown", lambda: client.update_registered_model("nobody", "x"))
    observe("models.set_tag", lambda: client.set_registered_model_tag("full", "a", 1))
    observe("models.set_tag.over", lambda: client.set_registered_model_tag("full", "team", "ops"))
    observe("models.set_tag.empty key", lambda: client.set_registered_model_tag("full", "", "x"))
    observe("models.set_tag.key too long", lambda: client.set_registered_model_tag("full", "k" * 251, "x"))
    observe("models.set_tag.odd key", lambda: client.set_registered_model_tag("full", "a*b", "x"))
    observe("models.set_tag.value too long", lambda: client.set_registered_model_tag("full", "k", "v" * 100_001))
    observe("models.set_tag.unknown", lambda: client.set_registered_model_tag("nobody", "a", "x"))
    observe("models.delete_tag", lambda: client.delete_registered_model_tag("full", "a"))
    observe("models.delete_tag.again", lambda: client.delete_registered_model_tag("full", "a"))
    observe("models.delete_tag.unknown", lambda: client.delete_registered_model_tag("nobody", "a"))
    observe("models.tags.read", lambda: client.get_registered_model("full").tags)
    client.create_model_version("full", "s3://bucket/full")
    client.set_registered_model_alias("full", "champion", "1")
    observe("models.rename", lambda: client.rename_registered_model("full", "renamed"))
    observe("models.rename.read", lambda: client.get_registered_model("renamed"))
    observe("models.rename.old name", lambda: client.get_registered_model("full"))
    observe("models.rename.its version", lambda: client.get_model_version("renamed", "1"))
    observe("models.rename.its alias", lambda: client.get_model_version_by_alias("renamed", "champion").version)
    observe("models.rename.taken", lambda: client.rename_registered_model("renamed", "first"))
    observe("models.rename.bad", lambda: client.rename_registered_model("renamed", "a/b"))
    observe("models.rename.empty", lambda: client.rename_registered_model("renamed", " "))
    observe("models.rename.unknown", lambda: client.rename_registered_model("nobody", "x"))
    observe("models.rename.itself", lambda: client.rename_registered_model("renamed", "renamed"))
    observe("models.delete", lambda: client.delete_registered_model("renamed"))
    observe("models.delete.read", lambda: client.get_registered_model("renamed"))
    observe("models.delete.its version", lambda: client.get_model_version("renamed", "1"))
    observe("models.delete.again", lambda: client.delete_registered_model("renamed"))
    observe("models.delete.name is free", lambda: client.create_registered_model("renamed"))
    observe("models.delete.numbers begin anew", lambda: client.create_model_version("renamed", "s3://b/a").version)


def versions(client: MlflowClient) -> None:
    client.create_registered_model("versioned")
    experiment = client.create_experiment("versions")
    run_id = client.create_run(experiment, 1000).info.run_id
    observe("versions.create", lambda: client.create_model_version("versioned", "s3://bucket/one"))
    observe(
        "versions.create.full",
        lambda: client.create_model_version(
            "versioned",
            f"mlflow-artifacts:/{experiment}/{run_id}/artifacts/model",
            run_id,
            {"team": "sales"},
            "http://link",
            "about é",
        ),
    )
    for label, source in SOURCES.items():
        observe(
            f"versions.create.source {label}",
            lambda source=source: client.create_model_version("versioned", source).source,
        )
    observe("versions.create.unknown model", lambda: client.create_model_version("nobody", "s3://b/a"))
    observe("versions.create.unknown run", lambda: client.create_model_version("versioned", "s3://b/a", UNKNOWN).run_id)
    observe("versions.get", lambda: client.get_model_version("versioned", "2"))
    observe("versions.get.as a number", lambda: client.get_model_version("versioned", 1))
    for version in ["99", "0", "-1", "abc", "1.0", "", "01"]:
        observe(f"versions.get [{version}]", lambda version=version: client.get_model_version("versioned", version))
    observe("versions.get.unknown model", lambda: client.get_model_version("nobody", "1"))
    observe("versions.update", lambda: client.update_model_version("versioned", "1", "new words"))
    observe("versions.update.none", lambda: client.update_model_version("versioned", "1", None))
    observe("versions.update.unknown", lambda: client.update_model_version("versioned", "99", "x"))
    observe("versions.download_uri", lambda: client.get_model_version_download_uri("versioned", "1"))
    observe("versions.download_uri.unknown", lambda: client.get_model_version_download_uri("versioned", "99"))
    observe("versions.set_tag", lambda: client.set_model_version_tag("versioned", "1", "a", "1"))
    observe("versions.set_tag.over", lambda: client.set_model_version_tag("versioned", "1", "a", 2))
    observe("versions.set_tag.key too long", lambda: client.set_model_version_tag("versioned", "1", "k" * 251, "1"))
    observe("versions.set_tag.empty key", lambda: client.set_model_version_tag("versioned", "1", "", "1"))
    observe("versions.set_tag.unknown", lambda: client.set_model_version_tag("versioned", "99", "a", "1"))
    observe("versions.set_tag.bad version", lambda: client.set_model_version_tag("versioned", "abc", "a", "1"))
    observe("versions.tags.read", lambda: client.get_model_version("versioned", "1").tags)
    observe("versions.delete_tag", lambda: client.delete_model_version_tag("versioned", "1", "a"))
    observe("versions.delete_tag.again", lambda: client.delete_model_version_tag("versioned", "1", "a"))
    observe("versions.delete_tag.unknown", lambda: client.delete_model_version_tag("versioned", "99", "a"))
    observe("versions.copy", lambda: client.copy_model_version("models:/versioned/2", "copied"))
    observe("versions.copy.download_uri", lambda: client.get_model_version_download_uri("copied", "1"))
    observe("versions.copy.unknown", lambda: client.copy_model_version("models:/versioned/99", "copied"))
    last = client.create_model_version("versioned", "s3://bucket/last").version
    client.set_registered_model_alias("versioned", "doomed", last)
    observe("versions.delete", lambda: client.delete_model_version("versioned", last))
    observe("versions.delete.read", lambda: client.get_model_version("versioned", last))
    observe("versions.delete.again", lambda: client.delete_model_version("versioned", last))
    observe("versions.delete.its alias", lambda: client.get_model_version_by_alias("versioned", "doomed"))
    observe("versions.delete.update", lambda: client.update_model_version("versioned", last, "x"))
    observe(
        "versions.delete.latest",
        lambda: int(client.get_registered_model("versioned").latest_versions[0].version) - int(last),
    )
    observe(
        "versions.delete.number stays used",
        lambda: int(client.create_model_version("versioned", "s3://bucket/next").version) - int(last),
    )


def stages(client: MlflowClient) -> None:
    client.create_registered_model("staged")
    for number in range(4):
        client.create_model_version("staged", f"s3://bucket/{number}")

    def move(version: str, stage: str, archive: bool = False):
        return client.transition_model_version_stage("staged", version, stage, archive)

    def latest(stages: list[str] | None = None):
        found = client.get_latest_versions("staged", stages)
        return sorted((each.current_stage, each.version) for each in found)

    observe("stages.latest.none moved", latest)
    observe("stages.move", lambda: move("1", "Production"))
    observe("stages.move.lower case", lambda: move("2", "staging").current_stage)
    observe("stages.move.upper case", lambda: move("2", "STAGING").current_stage)
    observe("stages.move.same", lambda: move("1", "Production").current_stage)
    observe("stages.move.second in a stage", lambda: move("3", "Production").current_stage)
    observe("stages.latest", latest)
    observe("stages.latest.of one", lambda: latest(["Production"]))
    observe("stages.latest.lower case", lambda: latest(["production", "staging"]))
    observe("stages.latest.unknown stage", lambda: latest(["Bogus"]))
    observe("stages.latest.unknown model", lambda: client.get_latest_versions("nobody"))
    observe("stages.latest.of the model", lambda: sorted(each.version for each in client.get_registered_model("staged").latest_versions))
    observe("stages.archive", lambda: move("4", "Production", True).current_stage)
    observe("stages.archive.read", lambda: [client.get_model_version("staged", str(n)).current_stage for n in range(1, 5)])
    observe("stages.archive.to Archived", lambda: move("4", "Archived", True).current_stage)
    observe("stages.archive.to None", lambda: move("4", "None", True).current_stage)
    observe("stages.move.unknown stage", lambda: move("1", "Bogus"))
    observe("stages.move.empty stage", lambda: move("1", ""))
    observe("stages.move.unknown version", lambda: move("99", "Production"))
    observe("stages.move.bad version", lambda: move("abc", "Production"))
    observe("stages.move.deleted version", lambda: (client.delete_model_version("staged", "2"), move("2", "Production")))
    observe("stages.move.None", lambda: move("1", "None").current_stage)
    observe("stages.latest.end", latest)


def aliases(client: MlflowClient) -> None:
    client.create_registered_model("aliased")
    client.create_model_version("aliased", "s3://bucket/1")
    client.create_model_version("aliased", "s3://bucket/2")

    def point(alias: str, version: str = "1"):
        return client.set_registered_model_alias("aliased", alias, version)

    observe("aliases.set", lambda: point("champion"))
    observe("aliases.get", lambda: client.get_model_version_by_alias("aliased", "champion"))
    observe("aliases.set.second", lambda: point("best"))
    observe("aliases.set.moved", lambda: point("champion", "2"))
    observe("aliases.model", lambda: client.get_registered_model("aliased"))
    observe("aliases.version", lambda: sorted(client.get_model_version("aliased", "1").aliases))
    for alias in ["latest", "LATEST", "v1", "V12", "v", "v1a", "a b", "a/b", "a.b", "größe", "_-", "a" * 255, "a" * 256, ""]:
        observe(f"aliases.set [{alias[:12]} {len(alias)}]", lambda alias=alias: point(alias))
    observe("aliases.set.unknown version", lambda: point("x", "99"))
    observe("aliases.set.bad version", lambda: point("x", "abc"))
    observe("aliases.set.unknown model", lambda: client.set_registered_model_alias("nobody", "x", "1"))
    observe("aliases.get.unknown", lambda: client.get_model_version_by_alias("aliased", "nothing"))
    observe("aliases.get.latest", lambda: client.get_model_version_by_alias("aliased", "latest").version)
    observe("aliases.get.unknown model", lambda: client.get_model_version_by_alias("nobody", "x"))
    observe("aliases.delete", lambda: client.delete_registered_model_alias("aliased", "champion"))
    observe("aliases.delete.again", lambda: client.delete_registered_model_alias("aliased", "champion"))
    observe("aliases.delete.unknown model", lambda: client.delete_registered_model_alias("nobody", "x"))
    observe("aliases.end", lambda: sorted(client.get_registered_model("aliased").aliases))


MODEL_FILTERS = [
    "name = 'found 1'",
    "name != 'found 1' AND name LIKE 'found%'",
    "name LIKE 'found%'",
    "name LIKE 'FOUND%'",
    "name ILIKE 'FOUND%'",
    "name like 'found%'",
    "attribute.name = 'found 1'",
    "attributes.name = 'found 1'",
    "name IN ('found 1')",
    "name > 'found'",
    "name = found",
    "tags.team = 'sales'",
    "tag.team = 'sales'",
    "tags.team != 'sales'",
    "tags.team LIKE 's%'",
    "tags.team ILIKE 'S%'",
    "tags.`a key` = 'x'",
    "tags.team = 'sales' AND name = 'found 0'",
    "tags.team = 'sales' AND tags.`a key` = 'x'",
    "name = 'found 1' OR name = 'found 2'",
    "bogus = 'x'",
    "description = 'x'",
    "creation_timestamp > 0",
    "metrics.a > 0",
    "name =",
    "name",
]


def model_searches(client: MlflowClient) -> None:
    for number in range(4):
        tags = {"team": "sales" if number % 2 == 0 else "ops", "a key": "x"} if number < 3 else {}
        client.create_registered_model(f"found {number}", tags)
        # Times are orders: no two of these may be the same.
        time.sleep(0.002)
    time.sleep(0.002)
    client.update_registered_model("found 1", "touched")

    def names(**search) -> list[str]:
        return [each.name for each in client.search_registered_models(**search)]

    for filter_string in MODEL_FILTERS:
        observe(
            f"search_models.filter [{filter_string}]",
            lambda filter_string=filter_string: names(filter_string=filter_string),
        )
    mine = "name LIKE 'found%'"
    for order_by in [["name DESC"], ["name"], ["timestamp"], ["last_updated_timestamp DESC"], ["timestamp DESC", "name"], ["creation_timestamp"], ["bogus"], ["tags.team"], [""], ["name SIDEWAYS"]]:
        observe(f"search_models.order {order_by}", lambda order_by=order_by: names(filter_string=mine, order_by=order_by))
    for count in [0, -1, 2, 1000, 1001]:
        observe(f"search_models.max_results {count}", lambda count=count: names(filter_string=mine, max_results=count))
    first = observe("search_models.page", lambda: client.search_registered_models(mine, max_results=3))
    observe("search_models.second page", lambda: names(filter_string=mine, max_results=3, page_token=first.token))
    observe("search_models.bad token", lambda: names(page_token="%%%"))
    observe("search_models.all", lambda: names(max_results=1000))


VERSION_FILTERS = [
    "name = 'hunted'",
    "name != 'hunted' AND name LIKE 'hunt%'",
    "name LIKE 'hunt%'",
    "name ILIKE 'HUNTED'",
    "name IN ('hunted')",
    "version_number = 2 AND name = 'hunted'",
    "version_number > 1 AND name = 'hunted'",
    "version_number >= '2' AND name = 'hunted'",
    "version_number IN (1, 2)",
    "version = 1",
    "source_path = 's3://bucket/1'",
    "source_path LIKE 's3://bucket/_' AND name = 'hunted'",
    "source = 's3://bucket/1'",
    "run_id = 'x'",
    "run_id IN ('x', 'y')",
    "run_id IN ()",
    "run_id LIKE '%' AND name = 'hunted'",
    "tags.team = 'sales' AND name = 'hunted'",
    "tag.team = 'sales' AND name = 'hunted'",
    "tags.team != 'sales' AND name = 'hunted'",
    "tags.team LIKE 's%' AND name = 'hunted'",
    "tags.`a key` = 'x' AND name = 'hunted'",
    "status = 'READY'",
    "current_stage = 'None'",
    "creation_timestamp > 0",
    "name = 'hunted' OR name = 'x'",
    "bogus = 'x'",
    "name =",
    "name = hunted",
]


def version_searches(client: MlflowClient) -> None:
    experiment = client.create_experiment("hunted")
    run_id = client.create_run(experiment, 1000).info.run_id
    client.create_registered_model("hunted")
    client.create_registered_model("hunted too")
    for number in range(4):
        tags = {"team": "sales" if number % 2 == 0 else "ops", "a key": "x"} if number < 3 else {}
        client.create_model_version("hunted", f"s3://bucket/{number}", run_id if number == 1 else None, tags)
        time.sleep(0.002)
    client.create_model_version("hunted too", "s3://bucket/other")
    client.set_registered_model_alias("hunted", "best", "1")
    time.sleep(0.002)
    client.update_model_version("hunted", "2", "touched")

    def found(filter_string: str = "name = 'hunted'", **search) -> list[str]:
        return [f"{each.name} {each.version}" for each in client.search_model_versions(filter_string, **search)]

    for filter_string in VERSION_FILTERS:
        observe(
            f"search_versions.filter [{filter_string}]",
            lambda filter_string=filter_string: found(filter_string, order_by=["name", "version_number"]),
        )
    observe("search_versions.run_id", lambda: found(f"run_id = '{run_id}'"))
    observe("search_versions.run_id IN", lambda: found(f"run_id IN ('{run_id}', 'x')"))
    observe("search_versions.default order", lambda: found())
    for order_by in [["version_number"], ["version_number DESC"], ["name DESC", "version_number"], ["creation_timestamp"], ["last_updated_timestamp"], ["last_updated_timestamp DESC"], ["bogus"], ["run_id"], [""]]:
        observe(f"search_versions.order {order_by}", lambda order_by=order_by: found(order_by=order_by))
    for count in [0, 2, 200_001]:
        observe(f"search_versions.max_results {count}", lambda count=count: found(max_results=count))
    first = observe(
        "search_versions.page",
        lambda: client.search_model_versions("name = 'hunted'", max_results=3, order_by=["version_number"]),
    )
    observe(
        "search_versions.second page",
        lambda: found(max_results=3, order_by=["version_number"], page_token=first.token),
    )
    observe("search_versions.bad token", lambda: found(page_token="%%%"))
    observe("search_versions.whole", lambda: client.search_model_versions("name = 'hunted' AND version_number = 1"))
