import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { runStoreTask } from '../../../daemon/client/store-task.ts';
import type { CodeVersion, Execution } from '../../../daemon/contract/pipelines.ts';
import { getStepVersions } from '../../../daemon/contract/pipelines.ts';
import { deleteRun, getRun } from '../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { run, write } from '../../support/pipelines.ts';

const PIPELINE = [
  'name: coded',
  'params: { depth: 3 }',
  'steps:',
  "  a: { run: sh -c 'cat input.txt > out.txt', deps: [input.txt], outs: [out.txt] }",
];

describe('the version of the code that an execution ran', () => {
  let daemon: TestDaemon;
  const place = (name: string) => path.join(daemon.place.workspace, name);

  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());
  beforeEach(() => {
    for (const name of readdirSync(daemon.place.workspace))
      if (place(name) !== daemon.place.store) rmSync(place(name), { recursive: true });
    write(daemon, 'input.txt', 'data');
    write(daemon, 'model.py', 'print(1)');
  });

  async function git(...args: string[]): Promise<string> {
    const { stdout } = await execa('git', args, { cwd: daemon.place.workspace });
    return stdout;
  }

  async function repository(): Promise<string> {
    await git('init', '--quiet', '--initial-branch', 'main');
    await git('config', 'user.name', 'somebody');
    await git('config', 'user.email', 'somebody@example.org');
    write(daemon, '.gitignore', 'ignored/');
    write(daemon, 'modelthat.yaml', ...PIPELINE);
    await git('add', '.');
    await git('commit', '--quiet', '--message', 'first');
    return git('rev-parse', 'HEAD');
  }

  function codeOf({ code }: Execution): CodeVersion {
    assert.ok(code, 'it is recorded by the time the execution ends');
    return code;
  }

  it('is the commit, with branch and origin, where nothing was changed', async () => {
    const commit = await repository();
    await git('remote', 'add', 'origin', 'https://somebody:secret@example.org/code.git');
    const execution = await run(daemon, PIPELINE);
    const code = codeOf(execution);
    assert.deepEqual(code, {
      commit,
      branch: 'main',
      repository: 'https://example.org/code.git',
      dirty: false,
      ref: `refs/modelthat/${execution.id}`,
      archive: null,
      remarks: [],
    });
    assert.equal(await git('rev-parse', String(code.ref)), commit);
    const { tags } = await daemon.client.call(getRun, { params: { runId: execution.runId } });
    assert.equal(tags['mlflow.source.git.commit'], commit);
    assert.equal(tags['mlflow.source.git.branch'], 'main');
    assert.equal(tags['mlflow.source.git.repoURL'], 'https://example.org/code.git');
    assert.equal(tags['modelthat.git.dirty'], 'false');
    assert.equal(tags['modelthat.git.ref'], code.ref);
  });

  it('holds what was changed, staged, removed and new, and leaves the index, HEAD and files as they were', async () => {
    write(daemon, 'gone.py', '');
    write(daemon, 'odd name é.py', 'old');
    const commit = await repository();
    appendFileSync(place('model.py'), 'print(2)\n');
    writeFileSync(place('odd name é.py'), 'new\n');
    rmSync(place('gone.py'));
    write(daemon, 'staged.py', 'staged');
    await git('add', 'staged.py');
    appendFileSync(place('staged.py'), 'and changed\n');
    write(daemon, 'package/new.py', 'new');
    write(daemon, 'ignored/data.bin', 'x');
    const [index, status] = [
      readFileSync(place('.git/index')),
      await git('status', '--porcelain', ':!out.txt'),
    ];

    const code = codeOf(await run(daemon, PIPELINE));
    assert.deepEqual(readFileSync(place('.git/index')), index);
    assert.deepEqual([code.commit, code.branch, code.dirty, code.remarks], [commit, 'main', true, []]);
    const changes = await git('diff', '--no-renames', '--name-status', commit, String(code.ref));
    assert.deepEqual(changes.split('\n'), [
      'D\tgone.py',
      'M\tmodel.py',
      'M\t"odd name \\303\\251.py"',
      'A\tpackage/new.py',
      'A\tstaged.py',
    ]);
    assert.equal(await git('show', `${code.ref}:staged.py`), 'staged\nand changed');
    // What git does not know is for its diff not there.
    assert.equal(await git('diff', '--name-only', String(code.ref)), 'package/new.py');
    assert.equal(await git('status', '--porcelain', ':!out.txt'), status);
    assert.equal(await git('rev-parse', 'HEAD'), commit);
  });

  it('can be told before the first commit', async () => {
    await git('init', '--quiet', '--initial-branch', 'main');
    const code = codeOf(await run(daemon, PIPELINE));
    assert.deepEqual([code.commit, code.branch, code.dirty], [null, 'main', true]);
    assert.equal(await git('show', `${code.ref}:model.py`), 'print(1)');
  });

  it('says what is left out of it', async () => {
    await repository();
    write(daemon, '.env', 'PASSWORD=secret');
    write(daemon, 'big.bin', 'x'.repeat(10_000_001));
    await execa('git', ['init', '--quiet', place('inner')]);
    write(daemon, 'inner/own.py', '');
    const { ref, remarks } = codeOf(await run(daemon, PIPELINE));
    assert.deepEqual(remarks, [
      'left out: .env (hidden, and not in version control)',
      'left out: big.bin (larger than 10.0 MB)',
      'left out: inner/ (a repository of its own)',
    ]);
    const names = (await git('ls-tree', '-r', '--name-only', String(ref))).split('\n');
    assert.deepEqual(names, ['.gitignore', 'input.txt', 'model.py', 'modelthat.yaml']);
  });

  it('names submodules and files that are kept by Git LFS', async () => {
    await repository();
    await execa('git', ['init', '--quiet', place('source')]);
    const source = ['-C', place('source'), '-c', 'user.name=x', '-c', 'user.email=x@example.org'];
    await execa('git', [...source, 'commit', '--quiet', '--allow-empty', '--message', 'empty']);
    await git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', './source', 'library');
    write(daemon, '.gitattributes', '*.big filter=lfs');
    write(daemon, 'kept.big', 'version https://git-lfs.github.com/spec/v1');
    await git('add', '.gitattributes', 'kept.big');
    await git('commit', '--quiet', '--message', 'more');
    appendFileSync(place('kept.big'), 'changed\n');
    const { ref, remarks } = codeOf(await run(daemon, PIPELINE));
    const head = (await git('-C', 'library', 'rev-parse', 'HEAD')).slice(0, 7);
    assert.deepEqual(remarks, [
      'left out: kept.big (changed, and behind a filter of git such as LFS, which is not run)',
      'left out: source/ (a repository of its own)',
      'left out: kept.big (kept by Git LFS: only their pointers are there)',
      `left out: library at ${head} (submodules: only their commits are there)`,
    ]);
    assert.equal(await git('show', `${ref}:kept.big`), 'version https://git-lfs.github.com/spec/v1');
  });

  it('is found without running what the repository names', async () => {
    await repository();
    const bait = (name: string) => `touch '${place(`../ran-${name}`)}'; cat`;
    for (const hook of ['post-index-change', 'reference-transaction', 'pre-commit', 'post-commit'])
      writeFileSync(place(`.git/hooks/${hook}`), `#!/bin/sh\n${bait('hook')}\n`, { mode: 0o755 });
    await git('config', 'core.fsmonitor', bait('monitor'));
    await git('config', 'filter.evil.clean', bait('clean'));
    await git('config', 'filter.evil.process', bait('process'));
    await git('config', 'filter.evil.required', 'true');
    write(daemon, '.gitattributes', '*.py filter=evil');
    appendFileSync(place('model.py'), 'print(2)\n');
    write(daemon, 'new.txt', 'new');
    const { ref } = codeOf(await run(daemon, PIPELINE));
    assert.equal(await git('-c', 'core.fsmonitor=false', 'show', `${ref}:new.txt`), 'new');
    for (const name of ['hook', 'monitor', 'clean', 'process'])
      assert.ok(!existsSync(place(`../ran-${name}`)), name);
  });

  it('is an archive of the sources where there is no git', async () => {
    write(daemon, '.gitignore', 'data/');
    write(daemon, 'data/rows.csv', '1');
    write(daemon, 'package/code.py', 'print(1)');
    const first = codeOf(await run(daemon, PIPELINE));
    assert.match(first.archive ?? '', /^[0-9a-f]{64}$/);
    const { archive = '' } = { archive: first.archive ?? '' };
    const object = path.join(daemon.place.store, 'cache/objects', archive.slice(0, 2), archive.slice(2));
    const names = (JSON.parse(readFileSync(object, 'utf8')) as [string][]).map(([name]) => name);
    assert.deepEqual(names, ['input.txt', 'model.py', 'modelthat.yaml', 'package/code.py']);
    const again = codeOf(await run(daemon, PIPELINE));
    assert.equal(again.archive, archive, 'what a step wrote is no source');
    write(daemon, 'package/code.py', 'print(2)');
    assert.notEqual(codeOf(await run(daemon, PIPELINE)).archive, archive);
  });

  it('stands beside the digests of what each step worked with', async () => {
    const execution = await run(daemon, PIPELINE);
    const params = { executionId: execution.id, step: 'a' };
    const { versions } = await daemon.trackingClient.call(getStepVersions, { params });
    assert.ok(versions);
    assert.match(versions.deps['input.txt'] ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual([versions.params, versions.environment], [{ depth: 3 }, null]);
    await assert.rejects(
      daemon.client.call(getStepVersions, { params: { ...params, step: 'b' } }),
      /has no step “b”.*a/,
    );
  });

  it('goes with its execution', async () => {
    await repository();
    appendFileSync(place('model.py'), 'print(2)\n');
    const { runId, code } = await run(daemon, PIPELINE);
    await git('cat-file', '-e', String(code?.ref));
    await daemon.client.call(deleteRun, { params: { runId } });
    const task = { kind: 'gc' as const, dryRun: false, before: Date.now() };
    await runStoreTask(daemon.client, task, () => {});
    assert.equal(await git('for-each-ref', 'refs/modelthat'), '');
    assert.ok(statSync(place('.git/index')).size > 0);
  });
});
