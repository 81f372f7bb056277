"""A program of its own: has a model version predict a data set, or judges predictions.

Usage: evaluation_process.py REQUEST. REQUEST is a JSON file. With "model" the version in that folder predicts "data", and
the predictions are written to "out". Without, those of "predictions" (and "champion") are judged against the data and the
result is written to "out". What a person has to know of a failure is the last line of standard error.
"""

import importlib.util
import json
import math
import os
import sys
import threading
import traceback
from pathlib import Path

import numpy as np

import evaluation_metrics as metrics

# Points of a picture: residuals and curves are thinned to as many.
POINTS = 500
# Values of a column of slices; more is no column to slice by.
SLICES = 200


class Refused(Exception):
    """Something that a person asked for cannot be had."""


def read_frame(file):
    import pandas

    kind = Path(file).suffix.lower()
    readers = {".csv": pandas.read_csv, ".parquet": pandas.read_parquet, ".json": pandas.read_json}
    if kind not in readers:
        raise Refused(f"{file} is no data set: it must be a .csv, .parquet or .json file.")
    try:
        frame = readers[kind](file)
    except Exception as error:
        raise Refused(f"{file} cannot be read: {type(error).__name__}: {error}") from error
    if len(frame) == 0:
        raise Refused(f"{file} has no rows.")
    return frame


def require_columns(frame, file, columns):
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        raise Refused(f"{file} lacks the column {', '.join(lacking)}; it has {', '.join(map(str, frame.columns))}.")


def predict(request):
    import mlflow.pyfunc

    frame = read_frame(request["data"])
    model = mlflow.pyfunc.load_model(request["model"])
    schema = model.metadata.get_input_schema()
    named = schema is not None and schema.has_input_names()
    target = request["target"] or guess_target(frame, schema.input_names() if named else None)
    require_columns(frame, request["data"], [target])
    inputs = frame.drop(columns=[target])
    if named:
        require_columns(inputs, request["data"], schema.required_input_names())
        inputs = fit_integers(inputs, schema)
    predicted = np.asarray(model.predict(inputs))
    if predicted.ndim == 2 and predicted.shape[1] == 1:
        predicted = predicted[:, 0]
    if len(predicted) != len(frame):
        raise Refused(f"The model answered {len(predicted)} predictions to {len(frame)} rows.")
    return {"target": target, "predictions": predicted.tolist()}


def fit_integers(inputs, schema):
    """Files do not tell 1.0 from 1: whole numbers become the number that the signature names, where nothing is lost."""
    from mlflow.types import DataType

    fitting = {}
    for spec in schema.inputs:
        if spec.name not in inputs.columns or not isinstance(spec.type, DataType):
            continue
        column, wanted = inputs[spec.name], np.dtype(spec.type.to_numpy())
        if column.dtype.kind in "iu" and wanted.kind in "iuf" and (column.astype(wanted) == column).all():
            fitting[spec.name] = wanted
    return inputs.astype(fitting)


def guess_target(frame, names):
    """The only column that the model does not take."""
    others = [column for column in frame.columns if column not in names] if names else []
    if len(others) != 1:
        found = ", ".join(map(str, others)) or "no signature that tells"
        raise Refused(f"Name the column with the truth by --target: the model leaves {found}.")
    return others[0]


class Judge:
    """Metrics of predictions on chosen rows."""

    def __init__(self, frame, target, task, custom):
        self.frame = frame
        self.custom = custom
        self.task = task
        self.truth = frame[target].to_numpy()
        if task == "regression":
            self.truth = self.truth.astype(float)
        else:
            self.labels, self.codes = np.unique(self.truth, return_inverse=True)

    def prepare(self, predictions):
        """What the metrics take: predicted values, and scores where the model gave any."""
        predicted = np.asarray(predictions)
        if self.task == "regression":
            return predicted.astype(float), None
        if predicted.ndim == 2:
            if predicted.shape[1] != len(self.labels):
                raise Refused(f"The model scores {predicted.shape[1]} classes; the data has {len(self.labels)}.")
            return self.labels[predicted.argmax(axis=1)], predicted.astype(float)
        if len(self.labels) == 2 and predicted.dtype.kind == "f" and not np.isin(predicted, self.labels).all():
            return self.labels[(predicted >= 0.5).astype(int)], np.column_stack([1 - predicted, predicted])
        return predicted.astype(self.truth.dtype), None

    def metric(self, name, prepared, rows):
        predicted, scores = prepared
        if name == self.custom[0]:
            return float(self.custom[1](predicted[rows], self.truth[rows], self.frame.iloc[rows]))
        if name in metrics.SCORES:
            return metrics.SCORES[name](self.codes[rows], scores[rows])
        known = metrics.REGRESSION if self.task == "regression" else metrics.CLASSES
        return known[name](self.truth[rows], predicted[rows])

    def names(self, scores):
        names = list(metrics.REGRESSION if self.task == "regression" else metrics.CLASSES)
        if scores is not None:
            names += metrics.SCORES
        return names + [self.custom[0]] * (self.custom[0] is not None)

    def all(self, prepared, rows):
        return {name: self.metric(name, prepared, rows) for name in self.names(prepared[1])}


def load_custom(spec):
    """Name and function of `file.py:function`; nothing when none is asked for."""
    if spec is None:
        return None, None
    file, _, name = spec.rpartition(":")
    module_spec = importlib.util.spec_from_file_location("custom_metric", file)
    if module_spec is None or not Path(file).is_file():
        raise Refused(f"There is no file {file}: a custom metric is named as file.py:function.")
    # What stands beside it can be imported, as when it is run by itself.
    sys.path.insert(0, str(Path(file).resolve().parent))
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    if not callable(getattr(module, name, None)):
        raise Refused(f"{file} has no function {name}.")
    return name, getattr(module, name)


def task_of(frame, target, metric):
    """By the metric where it tells, else by the target: numbers with fractions or many values are of a regression."""
    if metric in metrics.REGRESSION:
        return "regression"
    if metric in metrics.CLASSES or metric in metrics.SCORES:
        return "classification"
    values = frame[target]
    return "regression" if values.dtype.kind == "f" or (values.dtype.kind in "iu" and values.nunique() > 20) else "classification"


def judge(request):
    frame = read_frame(request["data"])
    answer = read_answer(request["predictions"])
    target = answer["target"]
    require_columns(frame, request["data"], [target, *request["slices"]])
    missing = int(frame[target].isna().sum())
    if missing:
        raise Refused(f"The column {target} of {request['data']} is empty in {missing} rows.")
    custom = load_custom(request["custom"])
    wanted = request["metric"]
    task = task_of(frame, target, wanted)
    judge = Judge(frame, target, task, custom)
    prepared = judge.prepare(answer["predictions"])
    names = judge.names(prepared[1])
    main = wanted or custom[0] or names[0]
    if main not in names:
        why = "the model gives no scores" if main in metrics.SCORES else "there is no such metric"
        raise Refused(f"{main} cannot be measured: {why}. What can be: {', '.join(names)}.")
    rows = np.arange(len(frame))
    result = {
        "task": task,
        "metric": main,
        "rows": len(frame),
        "metrics": judge.all(prepared, rows),
        "slices": [part for column in request["slices"] for part in slices(judge, frame, column, prepared)],
        "comparison": None,
        "tables": tables(judge, prepared),
    }
    if request["champion"] is not None:
        champion = judge.prepare(read_answer(request["champion"])["predictions"])
        result["comparison"] = compare(judge, main, prepared, champion, request)
    return result


def compare(judge, name, candidate, champion, request):
    if name not in judge.names(champion[1]):
        raise Refused(f"{name} cannot be compared: the champion gives no scores.")
    rows = len(judge.truth)

    def difference(chosen):
        return judge.metric(name, candidate, chosen) - judge.metric(name, champion, chosen)

    interval = metrics.bootstrap_difference(difference, rows, request["resamples"], request["seed"])
    greater = name in metrics.GREATER_IS_BETTER or (name == judge.custom[0] and request["greaterIsBetter"])
    return {
        "champion": judge.metric(name, champion, np.arange(rows)),
        "difference": difference(np.arange(rows)),
        "interval": interval,
        "verdict": metrics.verdict(interval, greater),
    }


def slices(judge, frame, column, prepared):
    values = frame[column].astype(str)
    if values.nunique() > SLICES:
        raise Refused(f"The column {column} has {values.nunique()} values; slices are made of at most {SLICES}.")
    for value, rows in sorted(values.groupby(values).indices.items()):
        yield {"column": column, "value": value, "rows": len(rows), "metrics": judge.all(prepared, rows)}


def tables(judge, prepared):
    """The data of pictures, by name: columns and rows."""
    predicted, scores = prepared
    if judge.task == "regression":
        chosen = np.unique(np.linspace(0, len(predicted) - 1, min(POINTS, len(predicted))).astype(int))
        points = np.column_stack([predicted[chosen], judge.truth[chosen] - predicted[chosen]])
        return {"residuals": {"columns": ["predicted", "residual"], "rows": points.tolist()}}
    labels = np.unique(np.concatenate([judge.truth, predicted]))
    confusion = [[label, *(int(np.sum((judge.truth == label) & (predicted == said))) for said in labels)] for label in labels.tolist()]
    found = {"confusion_matrix": {"columns": ["truth", *map(str, labels)], "rows": confusion}}
    if scores is not None and scores.shape[1] == 2:
        found["calibration"] = {"columns": ["score", "observed", "rows"], "rows": calibration(judge.codes, scores[:, 1])}
        found["roc"] = {"columns": ["false_positive_rate", "true_positive_rate", "precision"], "rows": curve(judge.codes == 1, scores[:, 1])}
    return found


def calibration(codes, score):
    bins = np.minimum((score * 10).astype(int), 9)
    return [[float(score[bins == b].mean()), float(codes[bins == b].mean()), int(np.sum(bins == b))] for b in np.unique(bins)]


def curve(real, score):
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    chosen = last[np.unique(np.linspace(0, len(last) - 1, min(POINTS, len(last))).astype(int))]
    hits = np.cumsum(real[order])[chosen]
    said = chosen + 1
    negatives, positives = max(1, int((~real).sum())), max(1, int(real.sum()))
    return np.column_stack([(said - hits) / negatives, hits / positives, hits / said]).tolist()


def read_answer(file):
    return json.loads(Path(file).read_text("utf-8"))


def encodable(value):
    """JSON has no NaN: such numbers travel as text."""
    if isinstance(value, dict):
        return {key: encodable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [encodable(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def end_with_daemon():
    """Standard input ends when the daemon does, however it did: nothing then waits for an answer."""
    os.read(0, 1)
    os._exit(1)


def main():
    threading.Thread(target=end_with_daemon, daemon=True).start()
    request = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    try:
        if "model" in request:
            # Read back by this program alone, whose JSON has NaN.
            answer = predict(request)
        else:
            answer = encodable(judge(request))
    except Refused as error:
        sys.exit(str(error))
    except Exception as error:
        traceback.print_exc()
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())[:1000]}")
    Path(request["out"]).write_text(json.dumps(answer), "utf-8")


if __name__ == "__main__":
    main()
