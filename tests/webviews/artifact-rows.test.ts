import assert from 'node:assert/strict';
import { artifactRows } from '../../webviews/run/artifact-rows.ts';

const folders = new Map([
  [
    '',
    [
      { path: 'report.json', isDir: false },
      { path: 'model', isDir: true },
    ],
  ],
  ['model', [{ path: 'model/MLmodel', isDir: false }]],
]);

describe('the tree of artifacts', () => {
  it('has folders first, closed', () => {
    const rows = artifactRows(folders, new Set());
    assert.deepEqual(
      rows.map(({ name, level, open }) => [name, level, open]),
      [
        ['model', 1, false],
        ['report.json', 1, false],
      ],
    );
  });

  it('has what is in an open folder below it', () => {
    const rows = artifactRows(folders, new Set(['model']));
    assert.deepEqual(
      rows.map(({ name, level }) => [name, level]),
      [
        ['model', 1],
        ['MLmodel', 2],
        ['report.json', 1],
      ],
    );
  });
});
