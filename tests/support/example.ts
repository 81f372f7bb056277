/** A copy of the example project, and the built command line in it. */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Execution } from '../../daemon/contract/pipelines.ts';
import type { Run } from '../../daemon/contract/runs.ts';

const root = path.resolve(import.meta.dirname, '../..');
const NOT_COPIED = /[\\/](\.modelthat|data|reports|__pycache__)$/;

/** The model that its pipelines register. */
export const MODEL = 'store-sales-ensemble';

/** Few stores and rounds; a gate to match, well below what the naive baseline reaches. */
export const SMALL = { 'data.stores': '20', 'train.rounds': '60', 'gates.rmspe': '0.12' };

export class ExampleProject {
  readonly folder: string;

  constructor() {
    this.folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-example-')), 'store-sales');
    fs.cpSync(path.join(root, 'examples/store-sales'), this.folder, {
      recursive: true,
      filter: source => !NOT_COPIED.test(source),
    });
  }

  /** Stops its daemon and removes it. */
  async dispose(): Promise<void> {
    await this.modelthat('stop');
    fs.rmSync(path.dirname(this.folder), { recursive: true, force: true, maxRetries: 5 });
  }

  /** A file of it. */
  at(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  /** Starts the command line in it, which is to print JSON. */
  start(...args: string[]): ChildProcessByStdio<null, Readable, Readable> {
    return spawn(process.execPath, [path.join(root, 'dist/cli.mjs'), '--json', ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async modelthat(...args: string[]): Promise<{ code: number; out: string; said: string }> {
    const child = this.start(...args);
    const [[code], out, said] = await Promise.all([
      once(child, 'exit'),
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code: code as number, out, said };
  }

  /** The JSON that a command prints; it must have succeeded. */
  async answer<Value>(...args: string[]): Promise<Value> {
    const { code, out, said } = await this.modelthat(...args);
    assert.equal(code, 0, said);
    return JSON.parse(out) as Value;
  }

  /** The metrics that a run logged. */
  async metricsOf(runId: string): Promise<Run['metrics']> {
    return (await this.answer<Run>('runs', 'show', runId)).metrics;
  }
}

/** Arguments of `modelthat run` and `plan` for other parameters. */
export function overrides(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
}

export function stepOf(execution: Execution, name: string): Execution['steps'][number] {
  const step = execution.steps.find(one => one.name === name);
  assert.ok(step, `the execution has a step ${name}`);
  return step;
}
