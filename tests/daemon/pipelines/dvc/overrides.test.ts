import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { editsOf, OverrideError } from '../../../../daemon/pipelines/dvc/overrides.ts';
import { temporaryFolder } from '../../../support/database.ts';

describe('other values for the parameters of a dvc.yaml', () => {
  const folder = temporaryFolder();
  let root: string;

  before(() => {
    root = fs.realpathSync(folder.path);
  });
  after(() => folder.remove());

  function put(name: string, text: string): void {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }

  function edited(text: string, set: Record<string, string>, name = 'params.yaml'): string | undefined {
    put(name, text);
    return editsOf(set, { folder: root, root, loaded: [] })[path.join(root, name)];
  }

  const cases: readonly [what: string, text: string, set: Record<string, string>, expected: string][] = [
    ['a number, with what stands behind it', 'lr: 0.1   # rate\n', { lr: '1e-3' }, 'lr: 1e-3   # rate\n'],
    ['a member of a group', 'm:\n    lr: 1\n    n: 2\n', { 'm.n': '30' }, 'm:\n    lr: 1\n    n: 30\n'],
    ['several of one file', 'a: 1\nb: 2\n', { a: '3', b: 'true' }, 'a: 3\nb: true\n'],
    ['a word, in no quotes', 'kind: cnn\n', { kind: 'rnn' }, 'kind: rnn\n'],
    ['a text that is more', 'kind: cnn\n', { kind: '"a: b # c"' }, 'kind: "a: b # c"\n'],
    ['a text that looks like a number', 'kind: cnn\n', { kind: '"1.0"' }, 'kind: "1.0"\n'],
    ['a list in a line', 'lags: [7, 14]\n', { lags: '[7, 14, 28]' }, 'lags: [7, 14, 28]\n'],
    ['a list over several lines', 'lags:\n  - 7\n  - 14\nn: 1\n', { lags: '[7]' }, 'lags:\n  [7]\nn: 1\n'],
    ['one value of a list', 'lags: [7, 14]\n', { 'lags.1': '15' }, 'lags: [7, 15]\n'],
    ['what was empty', 'a:\nb: 1\n', { a: '5' }, 'a: 5\nb: 1\n'],
    ['nothing in place of a value', 'a: 1\n', { a: 'null' }, 'a: null\n'],
  ];
  for (const [what, text, set, expected] of cases)
    it(`are written where the old ones stand: ${what}`, () => assert.equal(edited(text, set), expected));

  it('are written into the file that is named, JSON as well', () => {
    const text = '{\n  "seed": 1,\n  "name": "a"\n}\n';
    const set = { 'conf/extra.json:seed': '2', 'conf/extra.json:name': 'b' };
    assert.equal(edited(text, set, 'conf/extra.json'), '{\n  "seed": 2,\n  "name": "b"\n}\n');
  });

  it('are found by their names alone in the files that templates see', () => {
    put('params.yaml', 'n: 1\n');
    put('vars.yaml', 'seed: 1\n');
    const loaded = ['params.yaml', 'vars.yaml'].map(name => path.join(root, name));
    assert.deepEqual(editsOf({ seed: '2' }, { folder: root, root, loaded }), {
      [path.join(root, 'vars.yaml')]: 'seed: 2\n',
    });
  });

  const refusals: readonly [what: string, text: string, set: Record<string, string>, message: RegExp][] = [
    ['a name that is none', 'learning: 1\n', { lerning: '2' }, /no parameter “lerning” in params\.yaml/],
    ['a group', 'm: {a: 1}\n', { m: '2' }, /“m” is a group/],
    ['a mapping', 'a: 1\n', { a: '{b: 1}' }, /the value is a mapping/],
    ['what is no YAML', 'a: 1\n', { a: '[1' }, /not valid YAML/],
    ['an alias', 'a: &x 1\nb: *x\n', { b: '2' }, /from an anchor/],
    ['a file that is not there', 'a: 1\n', { 'other.yaml:a': '2' }, /no file “other\.yaml”/],
    ['a file outside of the project', 'a: 1\n', { '/etc/hosts:a': '2' }, /outside of the project/],
  ];
  for (const [what, text, set, message] of refusals)
    it(`refuse ${what}`, () => assert.throws(() => edited(text, set), asOverrideError(message)));

  it('refuse a file that comments and code stand in', () => {
    put('params.toml', 'a = 1\n');
    assert.throws(
      () => editsOf({ 'params.toml:a': '2' }, { folder: root, root, loaded: [] }),
      asOverrideError(/neither YAML nor JSON/),
    );
  });
});

function asOverrideError(message: RegExp) {
  return (error: unknown) => error instanceof OverrideError && message.test(error.message);
}
