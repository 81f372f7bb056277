/**
 * `npm start`: builds, starts the daemon on the example project, runs its pipeline, and shows what came of it.
 * Arguments go to `modelthat run`, for example `npm start -- --set data.stores=20`.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { attach } from '../daemon/client/start.ts';
import { openPlace, storeFor } from '../daemon/client/store.ts';
import { type Execution, listExecutions } from '../daemon/contract/pipelines.ts';
import { getRun, type Run } from '../daemon/contract/runs.ts';
import { buildAll } from './build.ts';

const root = path.resolve(import.meta.dirname, '..');
const example = path.join(root, 'examples', 'store-sales');
const cli = path.join(root, 'dist', 'cli.mjs');

/** Holdout scores that the example's `evaluate` step logs, in the order of the table. */
const SCORES = [
  ['naive_rmspe', 'naive baseline'],
  ['lightgbm_rmspe', 'LightGBM'],
  ['xgboost_rmspe', 'XGBoost'],
  ['catboost_rmspe', 'CatBoost'],
  ['rmspe', 'ensemble'],
] as const;

say('building');
say((await buildAll()) ? 'built dist/' : 'dist/ is up to date');
modelthat('start');
modelthat('run', 'modelthat.yaml', ...process.argv.slice(2));
await showResult();
say('a prediction served from it:');
for (const { name, stage } of (await lastExecution()).versions) {
  modelthat('predict', name, '--stage', stage, '--input', 'rows.json');
}
say(`done. Look at it in the editor:

  npm run editor

or in a terminal:

  cd ${path.relative(process.cwd(), example) || '.'}
  npx modelthat status
  npx modelthat models ls`);

/** Runs a command of the CLI in the example's folder; a failure ends this program with its exit code. */
function modelthat(...args: string[]): void {
  const { status } = spawnSync(process.execPath, [cli, ...args], { cwd: example, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

async function showResult(): Promise<void> {
  const execution = await lastExecution();
  const evaluated = execution.steps.find(step => step.name === 'evaluate')?.runId;
  if (evaluated) showScores(await (await daemon()).call(getRun, { params: { runId: evaluated } }));
  for (const { name, version, stage } of execution.versions) say(`${name} version ${version} is in ${stage}`);
}

function showScores(run: Run): void {
  say('RMSPE on the last six weeks:');
  for (const [key, title] of SCORES) {
    const score = run.metrics[key]?.last;
    console.log(`  ${title.padEnd(16)}${score === undefined ? 'not logged' : Number(score).toFixed(4)}`);
  }
}

async function lastExecution(): Promise<Execution> {
  const { items } = await (await daemon()).call(listExecutions, { query: { limit: 1 } });
  const [last] = items;
  if (!last) throw new Error('the daemon knows of no execution');
  return last;
}

async function daemon() {
  const attached = await attach(openPlace(storeFor(example)));
  if (!attached) throw new Error('the daemon has stopped; see `modelthat logs` in examples/store-sales');
  return attached.client;
}

function say(text: string): void {
  console.log(`modelthat: ${text}`);
}
