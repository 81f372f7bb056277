"""Experiments: their making, finding, life and tags."""

from mlflow import MlflowClient
from mlflow.entities import ViewType
from recorder import observe


def run(client: MlflowClient) -> None:
    making(client)
    finding(client)
    life(client)
    tags(client)


def making(client: MlflowClient) -> None:
    observe("experiments.default", lambda: client.get_experiment("0"))
    plain = observe("experiments.create.plain", lambda: client.create_experiment("plain"))
    observe("experiments.create.plain.read", lambda: client.get_experiment(plain))
    tagged = client.create_experiment("tagged é 世界", tags={"team": "sales", "empty": "", "ü": "ö"})
    observe("experiments.create.tagged.read", lambda: client.get_experiment(tagged))
    placed = client.create_experiment("placed", artifact_location="s3://bucket/some/where")
    observe("experiments.create.placed.read", lambda: client.get_experiment(placed))
    slashed = client.create_experiment("slashed", artifact_location="s3://bucket/slash/")
    observe("experiments.create.slashed.read", lambda: client.get_experiment(slashed))
    observe("experiments.create.again", lambda: client.create_experiment("plain"))
    observe("experiments.create.number", lambda: bool(client.create_experiment("12345")))
    observe("experiments.create.blank", lambda: bool(client.create_experiment("   ")))
    observe("experiments.create.empty", lambda: client.create_experiment(""))
    observe("experiments.create.longest name", lambda: bool(client.create_experiment("n" * 500)))
    observe("experiments.create.name too long", lambda: bool(client.create_experiment("n" * 501)))
    locations = {
        "fragment": "s3://bucket/a#b",
        "query": "s3://bucket/a?b=c",
        "parent in query": "s3://bucket/a?b=../c",
        "parent": "s3://bucket/a/../b",
        "runs": "runs:/0123/model",
        "too long": "s3://bucket/" + "a" * 2050,
        "unknown scheme": "unheard-of://a/b",
        "http": "http://host/a",
    }
    for name, location in locations.items():
        observe(
            f"experiments.create.location.{name}",
            lambda name=name, location=location: client.get_experiment(
                client.create_experiment(f"located {name}", artifact_location=location)
            ),
        )
    observe(
        "experiments.create.tag key too long",
        lambda: bool(client.create_experiment("tag key", tags={"k" * 251: "v"})),
    )
    observe(
        "experiments.create.tag value too long",
        lambda: bool(client.create_experiment("tag value", tags={"k": "v" * 20_001})),
    )


def finding(client: MlflowClient) -> None:
    observe("experiments.get.unknown", lambda: client.get_experiment("987654"))
    observe("experiments.get.no number", lambda: client.get_experiment("abc"))
    observe("experiments.get_by_name", lambda: client.get_experiment_by_name("plain"))
    observe("experiments.get_by_name.unicode", lambda: client.get_experiment_by_name("tagged é 世界"))
    observe("experiments.get_by_name.unknown", lambda: client.get_experiment_by_name("nobody"))
    observe("experiments.get_by_name.other case", lambda: client.get_experiment_by_name("PLAIN"))


def life(client: MlflowClient) -> None:
    mortal = client.create_experiment("mortal")
    kept = client.create_run(mortal, run_name="kept", start_time=1).info.run_id
    gone = client.create_run(mortal, run_name="gone", start_time=2).info.run_id
    client.delete_run(gone)
    observe("experiments.rename", lambda: client.rename_experiment(mortal, "renamed"))
    observe("experiments.rename.read", lambda: client.get_experiment(mortal))
    observe("experiments.rename.to its own name", lambda: client.rename_experiment(mortal, "renamed"))
    observe("experiments.rename.to a taken name", lambda: client.rename_experiment(mortal, "plain"))
    observe("experiments.rename.to nothing", lambda: client.rename_experiment(mortal, ""))
    observe("experiments.rename.unknown", lambda: client.rename_experiment("987654", "x"))
    observe("experiments.rename.too long", lambda: client.rename_experiment(mortal, "n" * 501))
    observe("experiments.delete", lambda: client.delete_experiment(mortal))
    observe("experiments.delete.read", lambda: client.get_experiment(mortal))
    observe("experiments.delete.by name", lambda: client.get_experiment_by_name("renamed"))
    observe("experiments.delete.its runs", lambda: client.get_run(kept).info)
    observe("experiments.delete.again", lambda: client.delete_experiment(mortal))
    observe("experiments.delete.unknown", lambda: client.delete_experiment("987654"))
    observe("experiments.deleted.rename", lambda: client.rename_experiment(mortal, "dead"))
    observe("experiments.deleted.set_tag", lambda: client.set_experiment_tag(mortal, "a", "b"))
    observe("experiments.deleted.create run", lambda: client.create_run(mortal))
    observe("experiments.deleted.name stays taken", lambda: bool(client.create_experiment("renamed")))
    observe(
        "experiments.deleted.search runs",
        lambda: client.search_runs([mortal], run_view_type=ViewType.ALL, order_by=["start_time"]),
    )
    observe("experiments.restore", lambda: client.restore_experiment(mortal))
    observe("experiments.restore.read", lambda: client.get_experiment(mortal))
    observe("experiments.restore.its runs", lambda: client.get_run(kept).info)
    observe("experiments.restore.a run deleted before", lambda: client.get_run(gone).info)
    observe("experiments.restore.again", lambda: client.restore_experiment(mortal))
    observe("experiments.restore.unknown", lambda: client.restore_experiment("987654"))


def tags(client: MlflowClient) -> None:
    tagged = client.create_experiment("with tags", tags={"first": "1"})
    observe("experiments.set_tag", lambda: client.set_experiment_tag(tagged, "second", "2"))
    observe("experiments.set_tag.over", lambda: client.set_experiment_tag(tagged, "first", "eins"))
    observe("experiments.set_tag.number", lambda: client.set_experiment_tag(tagged, "number", 3))
    observe("experiments.set_tag.empty value", lambda: client.set_experiment_tag(tagged, "nothing", ""))
    observe("experiments.set_tag.key with odd signs", lambda: client.set_experiment_tag(tagged, "a/b?c", "v"))
    observe("experiments.set_tag.no key", lambda: client.set_experiment_tag(tagged, "", "v"))
    observe("experiments.set_tag.longest key", lambda: client.set_experiment_tag(tagged, "k" * 250, "v"))
    observe("experiments.set_tag.key too long", lambda: client.set_experiment_tag(tagged, "k" * 251, "v"))
    observe("experiments.set_tag.longest value", lambda: client.set_experiment_tag(tagged, "long", "v" * 20_000))
    observe("experiments.set_tag.value too long", lambda: client.set_experiment_tag(tagged, "k", "v" * 20_001))
    observe("experiments.set_tag.unknown", lambda: client.set_experiment_tag("987654", "k", "v"))
    observe("experiments.set_tag.read", lambda: client.get_experiment(tagged))
    if hasattr(client, "delete_experiment_tag"):
        observe("experiments.delete_tag", lambda: client.delete_experiment_tag(tagged, "first"))
        observe("experiments.delete_tag.again", lambda: client.delete_experiment_tag(tagged, "first"))
        observe("experiments.delete_tag.unknown", lambda: client.delete_experiment_tag("987654", "first"))
        observe("experiments.delete_tag.read", lambda: sorted(client.get_experiment(tagged).tags))
