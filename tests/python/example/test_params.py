import json

from store_sales import params

from .conftest import EXAMPLE


def test_a_step_by_hand_reads_the_projects_file(monkeypatch):
    monkeypatch.delenv("MODELTHAT_PARAMS", raising=False)
    monkeypatch.chdir(EXAMPLE)
    assert params.load()["data"] == {"seed": 42, "stores": 300, "years": 2.5, "noise": 0.08}


def test_a_pipelines_parameters_take_the_place_of_the_file(monkeypatch, tmp_path):
    effective = tmp_path / "effective.json"
    effective.write_text(json.dumps({"data": {"stores": 20}}))
    monkeypatch.setenv("MODELTHAT_PARAMS", str(effective))
    monkeypatch.chdir(EXAMPLE)
    assert params.load() == {"data": {"stores": 20}}
