/** The same programs, written with the official client, against the MLflow server and the daemon: they see the same. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { startDaemon } from '../support/daemon.ts';
import { startMlflowServer } from '../support/mlflow-server.ts';
import { ensurePythonEnvironment } from '../support/python-environment.ts';
import { type Answer, DIFFERENCES, explain, type Pair } from './differences.ts';
import { type Json, Normaliser } from './normalise.ts';

/** Fewest observations that either version must make. */
const FLOOR = 250;
const MINUTES = 60_000;

/** What a program saw: by the observation's name. */
type Observations = Readonly<Record<string, Json>>;

/** The newest MLflow, whose protocol the daemon speaks, and the last of the version before. */
const VERSIONS = ['mlflow3', 'mlflow2'] as const;
type Version = (typeof VERSIONS)[number];

describe('what programs see of the MLflow server and of the daemon', function () {
  this.timeout(19 * MINUTES);
  const pairs = new Map<Version, readonly Pair[]>();

  before(async () => {
    const pythons: Record<string, string> = {};
    for (const version of VERSIONS)
      pythons[version] = await ensurePythonEnvironment(
        path.join(import.meta.dirname, `requirements-${version}.txt`),
      );
    await Promise.all(
      VERSIONS.map(async version => pairs.set(version, await observeBoth(pythons[version] ?? ''))),
    );
  });

  for (const version of VERSIONS)
    it(`${version}: at least ${FLOOR} observations, and no difference that is not intended`, () => {
      const observed = pairs.get(version) ?? [];
      const differing = observed.filter(differs);
      const unexplained = differing.filter(
        pair => !explain(pair) && !(version === 'mlflow2' && agreesInMlflow3(pair.question)),
      );
      const words = differing.filter(pair => explain(pair)?.id === 'words').length;
      console.log(
        `      ${observed.length} observations: ${observed.length - differing.length} the same, ` +
          `${words} in other words, ${differing.length - words - unexplained.length} intended differences`,
      );
      for (const pair of unexplained) report(pair);
      assert.deepEqual(
        unexplained.map(pair => pair.question),
        [],
        'observations differ; see the table above',
      );
      assert.ok(observed.length >= FLOOR, `only ${observed.length} observations`);
    });

  it('every difference on the list still shows', () => {
    const differing = [...pairs.values()].flat().filter(differs);
    const seen = new Set(differing.map(pair => pair.question));
    const stale = DIFFERENCES.flatMap(({ id, observations, shows }) => [
      ...(observations ?? []).filter(name => !seen.has(name)).map(name => `${id}: ${name}`),
      ...(shows && !differing.some(pair => shows(pair)) ? [id] : []),
    ]);
    assert.deepEqual(stale, [], 'these no longer differ: take them off tests/conformance/differences.ts');
  });

  /** Where the versions of MLflow differ, the daemon follows the newer one. */
  function agreesInMlflow3(question: string): boolean {
    const pair = pairs.get('mlflow3')?.find(each => each.question === question);
    return pair !== undefined && (!differs(pair) || explain(pair) !== undefined);
  }
});

function differs({ upstream, ours }: Pair): boolean {
  return JSON.stringify(upstream) !== JSON.stringify(ours);
}

function report({ question, upstream, ours }: Pair): void {
  console.log(
    `      ${question}\n        MLflow: ${JSON.stringify(upstream)}\n        daemon: ${JSON.stringify(ours)}`,
  );
}

/** Runs the programs against both servers, started for it. */
async function observeBoth(python: string): Promise<Pair[]> {
  const [server, daemon] = await Promise.all([startMlflowServer(python), startDaemon()]);
  try {
    const [theirs, ours] = await Promise.all([
      observe(python, { MLFLOW_TRACKING_URI: server.url }),
      observe(python, daemon.mlflowEnv),
    ]);
    assert.deepEqual(Object.keys(ours), Object.keys(theirs));
    return Object.keys(theirs).map(question => ({
      question,
      upstream: new Normaliser().value(theirs[question] ?? null) as Answer,
      ours: new Normaliser().value(ours[question] ?? null) as Answer,
    }));
  } finally {
    await Promise.all([server.dispose(), daemon.dispose()]);
  }
}

async function observe(python: string, env: Readonly<Record<string, string>>): Promise<Observations> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-observations-'));
  const file = path.join(folder, 'observations.json');
  try {
    await execa(python, ['-X', 'utf8', path.join(import.meta.dirname, 'observations/program.py'), file], {
      cwd: folder,
      env: { ...env, PYTHONDONTWRITEBYTECODE: '1' },
      stdout: 'ignore',
    });
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Observations;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
