import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { run, write } from '../../support/pipelines.ts';

describe('the cache, over the branches of a repository', () => {
  let daemon: TestDaemon;

  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], {
      cwd: daemon.place.workspace,
    });

  it('has what each of them made, whichever is checked out', async () => {
    const lines = (letters: string) => [
      'name: branches',
      'steps:',
      '  upper:',
      `    run: sh -c 'tr ${letters} A-Z < words.txt > upper.txt'`,
      '    deps: [words.txt]',
      '    outs: [upper.txt]',
      '  count:',
      "    run: sh -c 'grep -o [A-Z] upper.txt | wc -l > count.txt'",
      '    deps: [upper.txt]',
      '    outs: [count.txt]',
    ];
    write(daemon, 'words.txt', 'one two');
    write(daemon, '.gitignore', '.modelthat', 'upper.txt', 'count.txt');
    write(daemon, 'modelthat.yaml', ...lines('a-z'));
    await git('init', '--quiet', '--initial-branch=main');
    await git('add', '.');
    await git('commit', '--quiet', '--message=one');
    await run(daemon, lines('a-z'));
    await git('switch', '--quiet', '--create=other');
    write(daemon, 'modelthat.yaml', ...lines('a-n'));
    write(daemon, 'words.txt', 'three four');
    await git('commit', '--quiet', '--all', '--message=two');
    const other = await run(daemon, lines('a-n'));
    assert.deepEqual(
      other.steps.map(each => each.reused),
      [null, null],
    );
    const content = (name: string) => readFileSync(path.join(daemon.place.workspace, name), 'utf8');
    const made = content('upper.txt');

    await git('switch', '--quiet', 'main');
    const back = await run(daemon, lines('a-z'));
    assert.deepEqual(
      back.steps.map(each => each.reused),
      ['restored', 'restored'],
    );
    assert.deepEqual([content('upper.txt'), content('count.txt').trim()], ['ONE TWO\n', '6']);
    await git('switch', '--quiet', 'other');
    const again = await run(daemon, lines('a-n'));
    assert.deepEqual(
      again.steps.map(each => each.reused),
      ['restored', 'restored'],
    );
    assert.equal(content('upper.txt'), made);
  });
});
