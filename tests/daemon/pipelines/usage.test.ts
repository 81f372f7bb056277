import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import path from 'node:path';
import { getRun, searchRuns } from '../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import { run, step, write } from '../../support/pipelines.ts';

const MEGABYTE = 1_000_000;

/** Starts a run as an MLflow client does, and waits until it holds the metrics of its arguments. */
const TRACKED = [
  'import json, os, sys, time, urllib.request',
  'def call(path, body=None):',
  '    request = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/" + path,',
  '        json.dumps(body).encode() if body is not None else None, {"content-type": "application/json",',
  '        "authorization": "Bearer " + os.environ["MLFLOW_TRACKING_PASSWORD"]})',
  '    return json.load(urllib.request.urlopen(request))',
  'run = call("runs/create", {})["run"]["info"]["run_id"]',
  'call("runs/log-metric", {"run_id": run, "key": "loss", "value": 1, "timestamp": 1})',
  'def metrics(): return {each["key"] for each in call("runs/get?run_id=" + run)["run"]["data"]["metrics"]}',
  'while not metrics() >= set(sys.argv[1:]): time.sleep(0.05)',
];

describe('what steps take of the machine', () => {
  let place: TestPlace;
  let daemon: TestDaemon;

  before(async function () {
    if (process.platform === 'win32') {
      console.log('skipped: processes are not measured on Windows');
      this.skip();
    }
    place = testPlace();
    // In place of a driver: two GPUs, and the processes on them.
    const program = write(
      { place },
      'programs/nvidia-smi',
      '#!/bin/sh',
      'case "$1" in',
      '  --query-gpu=*) echo "0, GPU-a, 90, 5000, 8000"; echo "1, GPU-b, 40, 2000, 8000";;',
      `  --query-compute-apps=*) cat '${place.workspace}/gpu-processes';;`,
      'esac',
    );
    chmodSync(program, 0o755);
    write({ place }, 'gpu-processes', '');
    const programs = `${path.dirname(program)}${path.delimiter}${process.env.PATH}`;
    daemon = await startDaemon({ place, env: { PATH: programs } });
    write(daemon, 'tracked.py', ...TRACKED);
  });
  after(async () => {
    await daemon?.stop();
    place?.remove();
  });

  const often = '{ MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL: "0.1" }';

  it('is kept with them, the processes that they start included', async () => {
    write(
      daemon,
      'child.py',
      'import time',
      'block = bytearray(120_000_000)',
      'end = time.process_time() + 0.6',
      'while time.process_time() < end: pass',
      // Until it was looked at, which is soon.
      'time.sleep(1)',
    );
    const execution = await run(daemon, [
      'steps:',
      '  heavy: { run: sh -c "python3 child.py; exit 0" }',
      '  short: { run: sh -c "exit 0" }',
      '  ask: { run: echo, after: [heavy] }',
    ]);
    const heavy = step(execution, 'heavy').usage;
    assert.ok(heavy && heavy.cpuSeconds >= 0.6 && heavy.cpuSeconds < 10, JSON.stringify(heavy));
    assert.ok(heavy.peakMemory && heavy.peakMemory > 120 * MEGABYTE && heavy.peakMemory < 1000 * MEGABYTE);
    assert.ok(step(execution, 'short').usage, 'a step that was too short to be looked at has its CPU time');
    const { items } = await daemon.client.call(searchRuns, { body: { parentId: execution.runId } });
    assert.deepEqual(items, [], 'no run is made for it');
  });

  it('is logged to the runs that they have, under MLflow’s names', async () => {
    const keys = 'system/cpu_utilization_percentage system/system_memory_usage_megabytes';
    const execution = await run(daemon, [`steps: { a: { run: python3 tracked.py ${keys}, env: ${often} } }`]);
    const { runId, metric } = step(execution, 'a');
    assert.equal(metric?.key, 'loss', 'it is not what the step itself logged last');
    const { metrics } = await daemon.client.call(getRun, { params: { runId: runId ?? '' } });
    const memory = Number(metrics['system/system_memory_usage_megabytes']?.max);
    assert.ok(memory > 5 && memory < 500, String(memory));
    const share = Number(metrics['system/system_memory_usage_percentage']?.max);
    assert.ok(share > 0 && share < 100, String(share));
    const cpu = Number(metrics['system/cpu_utilization_percentage']?.max);
    assert.ok(cpu >= 0 && cpu <= 110, String(cpu));
  });

  it('is not logged beside MLflow, which measures itself, nor where that is switched off', async () => {
    write(
      daemon,
      'mlflow_measures.py',
      ...TRACKED.slice(0, -1),
      'call("runs/log-metric", {"run_id": run, "key": "system/disk_usage_percentage", "value": 1, "timestamp": 1})',
      'time.sleep(0.6)',
    );
    write(daemon, 'off.py', ...TRACKED.slice(0, -1), 'time.sleep(0.6)');
    const off = often.replace('}', ', MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING: "false" }');
    const execution = await run(daemon, [
      'steps:',
      `  both: { run: python3 mlflow_measures.py, env: ${often.replace('0.1', '0.4')} }`,
      `  off: { run: python3 off.py, env: ${off} }`,
    ]);
    const keysOf = async (name: string) => {
      const { metrics } = await daemon.client.call(getRun, {
        params: { runId: step(execution, name).runId ?? '' },
      });
      return Object.keys(metrics).sort();
    };
    assert.deepEqual(await keysOf('both'), ['loss', 'system/disk_usage_percentage']);
    assert.deepEqual(await keysOf('off'), ['loss']);
  });

  it('names the GPUs that they compute on, as nvidia-smi tells', async () => {
    write(
      daemon,
      'gpu.py',
      'import os',
      'open("gpu-processes", "w").write(f"GPU-a, 1\\nGPU-b, {os.getpid()}\\n")',
      ...TRACKED,
    );
    const execution = await run(daemon, [
      `steps: { a: { run: python3 gpu.py system/gpu_1_utilization_percentage, env: ${often} } }`,
    ]);
    const { metrics } = await daemon.client.call(getRun, {
      params: { runId: step(execution, 'a').runId ?? '' },
    });
    const gpus = Object.fromEntries(
      Object.entries(metrics).flatMap(([key, { last }]) =>
        key.startsWith('system/gpu') ? [[key, last]] : [],
      ),
    );
    assert.deepEqual(gpus, {
      'system/gpu_1_memory_usage_megabytes': 2097.152,
      'system/gpu_1_memory_usage_percentage': 25,
      'system/gpu_1_utilization_percentage': 40,
    });
  });
});
