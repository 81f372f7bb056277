import assert from 'node:assert/strict';
import type { RunOrigin } from '../../daemon/contract/origins.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { originParts } from '../../webviews/compare/origin-rows.ts';

describe('what compared runs were made from', () => {
  const run = (id: string, digest: string) =>
    ({ id, datasets: [{ name: 'sales', digest }] }) as unknown as Run;
  const origin = (runId: string, more: Partial<RunOrigin>): RunOrigin => ({
    ...{ runId, source: 'train.py', code: null, files: {}, data: {}, host: null, packages: null },
    ...more,
  });
  const code = { branch: 'main', repository: null, ref: null, archive: null, remarks: [] };
  const runs = [run('a', 'd1'), run('b', 'd2'), run('c', 'd1')];
  const parts = originParts(
    runs,
    new Map([
      [
        'a',
        origin('a', {
          code: { ...code, commit: 'a'.repeat(40), dirty: true },
          data: { 'raw.csv': 'f'.repeat(64), 'gone.csv': null },
          packages: ['numpy==2.1.0', 'mine @ https://example.com/mine.whl', 'toml'],
        }),
      ],
      [
        'b',
        origin('b', {
          code: { ...code, commit: 'b'.repeat(40), dirty: null },
          packages: ['numpy==2.2.0', 'toml'],
        }),
      ],
    ]),
  );
  const part = (title: string) => parts.find(each => each.title === title)?.rows ?? [];
  const row = (title: string, key: string) => part(title).find(each => each.key === key);

  it('is told of each, and nothing where nothing was recorded', () => {
    assert.deepEqual(row('Code', 'Commit')?.values, ['aaaaaaaaaa', 'bbbbbbbbbb', '']);
    assert.deepEqual(row('Code', 'Uncommitted changes')?.values, ['yes', 'not recorded', '']);
    assert.deepEqual(row('Data', 'raw.csv')?.values, ['ffffffffff', '', '']);
    assert.deepEqual(row('Data', 'gone.csv')?.values, ['not there', '', '']);
    assert.deepEqual(row('Data', 'sales')?.values, ['d1', 'd2', 'd1']);
    assert.deepEqual(part('Environment'), []);
  });

  it('tells packages by their names, and which are the same', () => {
    assert.deepEqual(row('Packages', 'numpy')?.values, ['2.1.0', '2.2.0', '']);
    assert.deepEqual(row('Packages', 'mine')?.values, ['https://example.com/mine.whl', '', '']);
    assert.deepEqual(row('Packages', 'toml')?.values, ['any', 'any', '']);
    assert.equal(originParts(runs.slice(0, 1), new Map())[0]?.rows[0]?.same, true);
  });
});
