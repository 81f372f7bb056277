/** A2: the tokens are private from their first byte, and are found nowhere but in their file. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { keptSecrets, type Secrets } from '../../daemon/client/connection.ts';
import { ensureDaemon, stopAndWait } from '../../daemon/client/start.ts';
import { openPlace, STORE_FOLDER } from '../../daemon/client/store.ts';
import { modelthat } from '../support/cli.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import type { Findings, Target } from '../support/nosy-reader.ts';
import { registerLinearModel } from '../support/onnx-registration.ts';
import { start, until } from '../support/pipelines.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { atLeast, type Check, exactly, type Figures, needsRoot, none } from './check.ts';

const TOKEN_BITS = 256;

export const tokenBirth: Check = {
  id: 'A2',
  title: 'tokens are private from their birth on, and leak nowhere',
  trial: {
    counts: { full: 200, quick: 20, test: 3 },
    obstacle: needsRoot,
    run: async count => ({ ...(await raceStarts(count)), ...(await searchForTokens()) }),
  },
};

/** Starts daemons in a place that is new each time, while another user tries to read all that they make. */
async function raceStarts(count: number): Promise<Figures> {
  const umask = process.umask(0);
  const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-')));
  // Only the product's own care is to keep the reader out.
  fs.chmodSync(scratch, 0o777);
  const reader = fork(path.join(import.meta.dirname, '../support/nosy-reader.ts'));
  const tokens = new Set<string>();
  let bits = Number.POSITIVE_INFINITY;
  const found: Findings = { read: [], entered: [], control: 0 };
  try {
    const paths = await startOnce(scratch, () => {});
    const control = path.join(scratch, 'control');
    for (let place = 0; place < count; place += 1) {
      await told(reader, { control, folder: scratch, paths: paths.made });
      const { secrets } = await startOnce(scratch, () => fs.writeFileSync(control, 'for all to read'));
      for (const token of [secrets.owner, secrets.tracking, secrets.proof]) {
        tokens.add(token);
        bits = Math.min(bits, Buffer.from(token, 'base64url').length * 8);
      }
      const { read, entered, control: seen } = await told(reader, 'report');
      found.read.push(...read);
      found.entered.push(...entered);
      found.control += seen > 0 ? 1 : 0;
      fs.rmSync(control);
    }
  } finally {
    reader.disconnect();
    fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
    process.umask(umask);
  }
  for (const file of new Set([...found.read, ...found.entered])) console.error(`another user got at ${file}`);
  return {
    'starts that the other user watched': exactly(found.control, count),
    'files read by the other user': none(found.read.length),
    'folders listed by the other user': none(found.entered.length),
    'bits of a token': atLeast(bits, TOKEN_BITS),
    'different tokens': exactly(tokens.size, count * 3),
  };
}

/** Starts a daemon in fresh folders and stops it. @returns its secrets, and the paths of all that it made */
async function startOnce(
  scratch: string,
  whileItRuns: () => void,
): Promise<{ secrets: Secrets; made: string[] }> {
  const state = path.join(scratch, 'state');
  const workspace = path.join(scratch, 'workspace');
  process.env.MODELTHAT_STATE_DIR = state;
  fs.mkdirSync(workspace);
  const place = openPlace(path.join(workspace, STORE_FOLDER));
  const attached = await ensureDaemon(place, { main: BUILT_MAIN });
  whileItRuns();
  const secrets = keptSecrets(place.state);
  const made = [state, place.store].flatMap(everythingBelow);
  await stopAndWait(attached, true);
  for (const folder of [state, workspace]) fs.rmSync(folder, { recursive: true, maxRetries: 5 });
  return { secrets, made };
}

/** Sends the reader a message. @returns its answer */
async function told(reader: ChildProcess, message: Target | 'report'): Promise<Findings> {
  const answer = once(reader, 'message');
  reader.send(message);
  const [findings] = (await answer) as [Findings];
  return findings;
}

/** Has a daemon do all that it does, and looks for its tokens in all that can be seen of it. */
async function searchForTokens(): Promise<Figures> {
  const daemon = await startDaemon();
  try {
    const seen = [...(await answersOf(daemon)), ...(await processesOf(daemon)), ...(await filesOf(daemon))];
    const { owner, tracking, proof } = daemon.secrets;
    const hits = seen.filter(([, content]) =>
      [owner, tracking, proof].some(token => content.includes(token)),
    );
    for (const [place] of hits) console.error(`a token is in ${place}`);
    return {
      'places searched for tokens': atLeast(seen.length, 20),
      'places with a token': none(hits.length),
    };
  } finally {
    await daemon.dispose();
  }
}

type Place = readonly [name: string, content: Buffer];

/** Answers to good and bad requests, some of which hold a token where none belongs. */
async function answersOf({ url, secrets }: TestDaemon): Promise<Place[]> {
  const headers = { authorization: `Bearer ${secrets.owner}`, 'content-type': 'application/json' };
  const asked: [string, RequestInit][] = [
    ['/health?nonce=1', {}],
    ['/api/v1/about', { headers: { authorization: `Bearer ${secrets.owner}x` } }],
    ['/api/v1/about', { headers }],
    ['/api/v1/no-such-thing', { headers }],
    ['/api/2.0/mlflow/no-such-thing', { headers }],
    ['/api/2.0/mlflow/experiments/get?experiment_id=none', { headers }],
    ['/api/2.0/mlflow/experiments/create', { headers, method: 'POST', body: '{"name": ' }],
    ['/openapi.json', { headers }],
    ['/metrics', { headers }],
  ];
  return Promise.all(
    asked.map(async ([target, init]): Promise<Place> => {
      const answer = await fetch(`${url}${target}`, init);
      const head = JSON.stringify([...answer.headers]);
      return [`the answer to ${target}`, Buffer.concat([Buffer.from(head), await bytesOf(answer)])];
    }),
  );
}

async function bytesOf(answer: Response): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer());
}

/** Arguments and environments of the daemon, a step and a model process, while they run. */
async function processesOf(daemon: TestDaemon): Promise<Place[]> {
  await registerLinearModel(daemon.client, 'model', [1]);
  await daemon.client.fetch('/serve/model/invocations?version=1', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"inputs": [[1]]}',
  });
  const script = path.join(daemon.place.workspace, 'wait.sh');
  fs.writeFileSync(script, 'env > environment\nuntil [ -e go ]; do sleep 0.05; done\n');
  const { id } = await start(daemon, ['name: waiting', 'steps:', '  wait: { run: sh wait.sh }']);
  await until(daemon, id, () => fs.existsSync(path.join(daemon.place.workspace, 'environment')));
  const pids = withDescendants(daemon.connection.pid);
  if (pids.length < 3) throw new Error(`the daemon has only ${pids.length - 1} children`);
  const places = pids.flatMap(pid =>
    ['cmdline', 'environ'].map((file): Place => {
      const name = `/proc/${pid}/${file}`;
      return [name, fs.readFileSync(name)];
    }),
  );
  fs.writeFileSync(path.join(daemon.place.workspace, 'go'), '');
  await until(daemon, id, execution => execution.status === 'succeeded');
  return places;
}

/** A process and all that it started. */
function withDescendants(root: number): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number));
  const pids = [root];
  for (const pid of pids) for (const [child = 0, parent] of table) if (parent === pid) pids.push(child);
  return pids;
}

/** All files of the store, the workspace and the state folder but the one that is for the tokens, and a bundle for support. */
async function filesOf(daemon: TestDaemon): Promise<Place[]> {
  const { place } = daemon;
  const bundle = path.join(place.workspace, 'bundle.json.gz');
  const { exitCode, stderr } = await modelthat(place, 'doctor', '--bundle', bundle);
  if (!fs.existsSync(bundle)) throw new Error(`doctor --bundle ended with ${exitCode}: ${stderr}`);
  const files = [place.workspace, path.dirname(path.dirname(place.state))]
    .flatMap(everythingBelow)
    .filter(file => fs.lstatSync(file).isFile() && path.basename(file) !== 'secrets.json');
  return [
    ...files.map((file): Place => [file, fs.readFileSync(file)]),
    ['the bundle', gunzipSync(fs.readFileSync(bundle))],
  ];
}

function everythingBelow(folder: string): string[] {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return [folder, ...names.map(name => path.join(folder, name))];
}
