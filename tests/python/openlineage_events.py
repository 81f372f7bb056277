"""Reads events of OpenLineage, one a line, with the classes that OpenLineage generates from its published schema.

A field that the schema does not have, one that it wants and that is missing, and a value that is none of its enumerations
are errors. Prints how many events there were.
"""

import importlib
import json
import pkgutil
import sys

import attr
import openlineage.client.generated as generated
from openlineage.client.generated import base

FACETS = {}
for module in pkgutil.iter_modules(generated.__path__):
    for name, value in vars(importlib.import_module(f"openlineage.client.generated.{module.name}")).items():
        if attr.has(value):
            FACETS[name] = value


def read_facet(facet):
    name = facet["_schemaURL"].rsplit("/", 1)[1]
    cls = FACETS[name]
    fields = {key: value for key, value in facet.items() if key not in ("_producer", "_schemaURL")}
    known = {field.name for field in attr.fields(cls)}
    unknown = set(fields) - known
    assert not unknown, f"{name} has no {unknown}"
    assert facet["_schemaURL"] == cls._get_schema(), (facet["_schemaURL"], cls._get_schema())
    return cls(**fields)


def read_facets(facets):
    return {key: read_facet(facet) for key, facet in (facets or {}).items()}


def read_dataset(dataset, cls, own):
    extra = {own: read_facets(dataset.get(own))} if own in dataset else {}
    return cls(dataset["namespace"], dataset["name"], facets=read_facets(dataset["facets"]), **extra)


def read_event(event):
    assert set(event) <= {"eventType", "eventTime", "producer", "schemaURL", "run", "job", "inputs", "outputs"}
    read = base.RunEvent(
        eventTime=event["eventTime"],
        producer=event["producer"],
        run=base.Run(event["run"]["runId"], facets=read_facets(event["run"]["facets"])),
        job=base.Job(event["job"]["namespace"], event["job"]["name"], facets=read_facets(event["job"]["facets"])),
        eventType=base.EventType(event["eventType"]),
        inputs=[read_dataset(each, base.InputDataset, "inputFacets") for each in event["inputs"]],
        outputs=[read_dataset(each, base.OutputDataset, "outputFacets") for each in event["outputs"]],
    )
    assert event["schemaURL"] == read.schemaURL, (event["schemaURL"], read.schemaURL)


count = 0
for line in sys.stdin:
    read_event(json.loads(line))
    count += 1
print(count)
