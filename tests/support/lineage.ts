/** A small pipeline from a CSV to a registered model that can be served, for tests of lineage. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { linearModel } from './onnx.ts';

/** Trains nothing: logs an ONNX model, a metric and the data set that it read, as MLflow's client does. */
const TRAIN = [
  'import hashlib, json, os, urllib.request',
  'base, token = os.environ["MLFLOW_TRACKING_URI"], os.environ["MLFLOW_TRACKING_PASSWORD"]',
  'def call(method, path, body, kind="application/json"):',
  '    headers = {"content-type": kind, "authorization": "Bearer " + token}',
  '    return urllib.request.urlopen(urllib.request.Request(base + path, body, headers, method=method)).read()',
  'def post(path, body): return json.loads(call("POST", "/api/2.0/mlflow/" + path, json.dumps(body).encode()))',
  'run = post("runs/create", {})["run"]["info"]',
  'rows = open("data/features.csv").read().split()',
  'value = len(rows)',
  'post("runs/log-metric", {"run_id": run["run_id"], "key": "rmspe", "value": value, "timestamp": 1, "step": 0})',
  'post("runs/log-parameter", {"run_id": run["run_id"], "key": "rate", "value": "0.5"})',
  'colspec = {"mlflow_colspec": [{"type": "long", "name": "sales"}, {"type": "double", "name": "promo"}]}',
  'dataset = {"name": "features", "digest": hashlib.md5(open("data/features.csv", "rb").read()).hexdigest()[:8], "source_type": "local", "source": json.dumps({"uri": "data/features.csv"}),',
  '           "schema": json.dumps(colspec), "profile": json.dumps({"num_rows": value, "num_elements": 2 * value})}',
  'post("runs/log-inputs", {"run_id": run["run_id"], "datasets": [{"dataset": dataset, "tags": []}]})',
  'place = "/api/2.0/mlflow-artifacts/artifacts/" + run["artifact_uri"].split(":", 1)[1].lstrip("/") + "/model/"',
  'manifest = b"flavors:\\n  onnx: { data: model.onnx }\\n"',
  'for name, content in {"model.onnx": open("model.onnx", "rb").read(), "MLmodel": manifest}.items():',
  '    call("PUT", place + name, content, "application/octet-stream")',
  'open("report.txt", "w").write(str(value))',
];

const PREPARE = [
  'import os',
  'os.makedirs("data", exist_ok=True)',
  'rows = open("data/raw/sales.csv").read().split()',
  'open("data/features.csv", "w").write("\\n".join(row + ",1" for row in rows) + "\\n")',
];

/** `prepare` and `train` of a CSV: registered as `name`. */
export function pipeline(name: string): string[] {
  return [
    `name: ${name}`,
    'params: { rate: 0.5 }',
    'steps:',
    '  prepare: { run: python3 prepare.py, deps: [data/raw/sales.csv], outs: [data/features.csv] }',
    `  train: { run: python3 train.py, deps: [data/features.csv, model.onnx], outs: [report.txt], model: { register: ${name} } }`,
  ];
}

/** Writes the pipeline, its code and its data. @param rows lines of the CSV */
export function writeProject(folder: string, name: string, rows: readonly string[]): void {
  const write = (file: string, content: string | Uint8Array) =>
    writeFileSync(path.join(folder, file), content);
  const lines = (file: string, all: readonly string[]) => write(file, `${all.join('\n')}\n`);
  mkdirSync(path.join(folder, 'data/raw'), { recursive: true });
  lines('data/raw/sales.csv', rows);
  lines('prepare.py', PREPARE);
  lines('train.py', TRAIN);
  lines('modelthat.yaml', pipeline(name));
  write('model.onnx', linearModel([1, 2]));
}
