import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Execution, planExecution, startExecution } from '../../../../daemon/contract/pipelines.ts';
import { partsOf } from '../../../../daemon/pipelines/dvc/lock-parts.ts';
import { startDaemon, type TestDaemon } from '../../../support/daemon.ts';
import { Dvc } from '../../../support/dvc.ts';
import { ended } from '../../../support/pipelines.ts';
import { LAYOUTS, type Layout } from './layouts.ts';

const NOTHING_TO_DO = 'Data and pipelines are up to date.\n';

describe('a dvc.yaml run by modelthat and by DVC in turn', function () {
  this.timeout(600_000);
  let daemon: TestDaemon;
  let dvc: Dvc;
  let state: string;

  before(async () => {
    state = realpathSync(mkdtempSync(path.join(tmpdir(), 'modelthat-dvc-')));
    dvc = await Dvc.start(state);
    const env = Object.entries(dvc.env).filter(([name]) => name.startsWith('DVC_'));
    daemon = await startDaemon({ env: Object.fromEntries(env) as Record<string, string> });
  });
  after(async () => {
    await daemon?.dispose();
    await dvc?.close();
    rmSync(state, { recursive: true, force: true });
  });

  /** A fresh project of a layout. */
  async function project(layout: Layout, name: string): Promise<string> {
    const folder = path.join(daemon.place.workspace, name, layout.name.replaceAll(' ', '-'));
    mkdirSync(folder, { recursive: true });
    if (layout.git) execFileSync('git', ['init', '--quiet'], { cwd: folder });
    await dvc.ok(folder, 'init', ...(layout.git ? [] : ['--no-scm']));
    edit(folder, layout.files);
    for (const file of layout.executable ?? []) chmodSync(path.join(folder, file), 0o755);
    for (const command of layout.commands ?? []) await dvc.ok(folder, ...command);
    return folder;
  }

  function edit(folder: string, files: Readonly<Record<string, string | null>>): void {
    for (const [name, content] of Object.entries(files)) {
      const place = path.join(folder, name);
      mkdirSync(path.dirname(place), { recursive: true });
      // Links into a cache are not written through.
      rmSync(place, { force: true });
      if (content !== null) writeFileSync(place, content);
    }
  }

  async function run(folder: string): Promise<Execution> {
    const file = path.join(folder, 'dvc.yaml');
    const execution = await ended(daemon, (await daemon.client.call(startExecution, { body: { file } })).id);
    assert.equal(execution.status, 'succeeded', JSON.stringify(execution.steps, null, 2));
    for (const { name, message } of execution.steps) assert.doesNotMatch(message, /not recorded/, name);
    return execution;
  }

  /** What version control would have of a project; the entries of `dvc.lock` by themselves, as stages run in any order. */
  function filesOf(folder: string): Record<string, unknown> {
    const files = globSync('**/{dvc.lock,.gitignore,*.dvc}', {
      cwd: folder,
      exclude: name => name === '.git',
    });
    const texts = files.map(name => [name, readFileSync(path.join(folder, name), 'utf8')] as const);
    const entries = texts.map(([name, text]) => [
      name,
      name.endsWith('.lock')
        ? partsOf(text)
            ?.map(part => part.text)
            .sort()
        : text,
    ]);
    return Object.fromEntries(entries);
  }

  /** Stages that are stale by what is there now, and why, by our plan. */
  async function ourStale(folder: string): Promise<Record<string, string>> {
    const file = path.join(folder, 'dvc.yaml');
    const { steps } = await daemon.client.call(planExecution, { body: { file } });
    const stale = steps.filter(
      // What only follows from another stage, DVC does not tell.
      ({ action, reason }) => action !== 'skip' && !/runs before it|which is blocked/.test(reason),
    );
    return Object.fromEntries(stale.map(({ name, reason }) => [name, reason]));
  }

  /** The same by DVC. */
  async function theirStale(folder: string): Promise<Record<string, unknown>> {
    const status = JSON.parse(await dvc.ok(folder, 'status', '--json')) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(status).filter(([name]) => !name.endsWith('.dvc')));
  }

  for (const layout of LAYOUTS) {
    describe(layout.name, () => {
      const always = layout.always ?? [];

      it('is done for one once the other has run it, with the same files', async () => {
        const [ours, theirs] = [await project(layout, 'ours'), await project(layout, 'theirs')];
        await run(ours);
        if (always.length === 0) assert.equal(await dvc.ok(ours, 'status'), NOTHING_TO_DO);
        assert.deepEqual(Object.keys(await theirStale(ours)).sort(), [...always].sort());
        const would = await dvc.ok(ours, 'repro', '--dry');
        for (const [, name = ''] of would.matchAll(/(?:Running stage|Stage) '([^']+)'(?!.*didn't change)/g))
          assert.ok(always.includes(name), would);
        await dvc.ok(theirs, 'repro');
        assert.deepEqual(Object.keys(await ourStale(theirs)).sort(), [...always].sort());
        assert.deepEqual(filesOf(ours), filesOf(theirs));
      });

      it('is stale for both after the same changes', async () => {
        const folder = await project(layout, 'edited');
        await run(folder);
        const copies = path.join(daemon.place.workspace, 'copies');
        for (const [index, { what, files, refused }] of layout.edits.entries()) {
          const copy = path.join(copies, path.basename(folder), String(index));
          cpSync(folder, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
          edit(copy, files);
          if (refused) {
            await assert.rejects(ourStale(copy), refused, what);
            assert.notEqual((await dvc.run(copy, 'repro')).code, 0, what);
            continue;
          }
          const [ours, theirs] = [await ourStale(copy), await theirStale(copy)];
          const told = `${what}: ${JSON.stringify({ ours, theirs }, null, 2)}`;
          assert.deepEqual(Object.keys(ours).sort(), Object.keys(theirs).sort(), told);
        }
      });
    });
  }
});
