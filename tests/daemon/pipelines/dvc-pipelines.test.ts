// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { findProject } from '../../../daemon/pipelines/dvc/project.ts';
import { readDvcPipeline } from '../../../daemon/pipelines/dvc/read.ts';
import { temporaryFolder } from '../../support/database.ts';

describe('pipelines of DVC', () => {
  const folder = temporaryFolder();
  let root: string;

  before(() => {
    root = fs.realpathSync(folder.path);
    // A project of its own for each: a mistake in one file is one in its whole project.
    for (const name of ['files', 'meta', 'meta-else', 'data', 'late', 'frozen'])
      fs.mkdirSync(path.join(root, name, '.dvc'), { recursive: true });
  });
  after(() => folder.remove());

  function put(name: string, ...lines: string[]): string {
    const file = path.join(root, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }

  async function read(file: string, options: { set?: Record<string, string>; text?: string } = {}) {
    const { definition, problems } = readDvcPipeline(
      { file, workspace: root, ...options },
      await findProject(file, root),
    );
    const found = problems.map(
      ({ line, column, severity, message, remedy }) =>
        `${line}:${column} ${severity}: ${message} | ${remedy}`,
    );
    return { definition, found };
  }

  it('have the stages of other files that theirs depend on, and no others', async () => {
    put(
      'files/prepare/dvc.yaml',
      'stages:',
      '  clean: {cmd: echo, outs: [../clean.csv]}',
      '  other: {cmd: echo}',
    );
    const file = put('files/train/dvc.yaml', 'stages:', '  train: {cmd: echo, deps: [../clean.csv]}');
    const { definition, found } = await read(file);
    assert.deepEqual(found, []);
    assert.equal(definition?.name, 'train');
    assert.deepEqual(
      definition?.steps.map(({ name, file: place, line, needs }) => ({ name, file: place, line, needs })),
      [
        {
          name: '../prepare/dvc.yaml:clean',
          file: path.join(root, 'files/prepare/dvc.yaml'),
          line: 2,
          needs: [],
        },
        { name: 'train', file: undefined, line: 2, needs: ['../prepare/dvc.yaml:clean'] },
      ],
    );
  });

  it('heed what a stage says below “meta”', async () => {
    const file = put(
      'meta/dvc.yaml',
      'stages:',
      '  first: {cmd: echo}',
      '  group: {foreach: [a, b], do: {cmd: echo}}',
      '  last:',
      '    cmd: echo',
      '    meta:',
      '      owner: team',
      '      after: [first, group]',
      '      mutex: gpu',
      '      retries: {times: 2, wait: 5s}',
      '      timeout: 15m',
      '      always: true',
      '      gates: ["rmspe < ${limit}"]',
      '      model: {register: sales}',
      '      promote: {model: sales, to: Staging}',
      '      when: "${limit} < 0.4"',
      '      checks: reports/checks.json',
      '      env: {LIMIT: "${limit}"}',
      '      resources: {cpu: 2, memory: 1GB}',
    );
    put('meta/params.yaml', 'limit: 0.5');
    const { definition, found } = await read(file);
    assert.deepEqual(found, []);
    const last = definition?.steps.find(({ name }) => name === 'last');
    assert.deepEqual(last?.needs, ['first', 'group@a', 'group@b']);
    assert.deepEqual(
      definition?.steps.map(({ group }) => group),
      [undefined, 'group', 'group', undefined],
    );
    assert.deepEqual(last?.needsData, []);
    assert.deepEqual(last?.mutex, ['gpu']);
    assert.deepEqual(last?.retries, { times: 2, wait: 5_000, backoff: 2, maxWait: 300_000 });
    assert.equal(last?.timeout, 900_000);
    assert.equal(last?.always, true);
    assert.deepEqual(last?.gates, ['rmspe < 0.5']);
    assert.equal(last?.register, 'sales');
    assert.deepEqual(last?.promote, { model: 'sales', to: 'Staging' });
    assert.equal(last?.unless, '0.5 < 0.4');
    assert.equal(last?.checks, path.join(root, 'meta/reports/checks.json'));
    assert.equal(last?.env.LIMIT, '0.5');
    assert.deepEqual(last?.resources, { cpu: 2, memory: 1e9, gpu: 0 });
  });

  it('leave what others write below “meta” alone, and say what of ours they cannot read', async () => {
    const file = put(
      'meta-else/dvc.yaml',
      'stages:',
      '  a:',
      '    cmd: echo',
      '    meta: {model: resnet, retries: often, x: 1}',
    );
    const { definition, found } = await read(file);
    assert.ok(definition);
    assert.deepEqual(found, [
      '4:19 warning: “model” is left out: it is not as modelthat has it | Correct it if it is meant for modelthat.',
      '4:36 warning: “retries” is left out: “often” is not a number of attempts | Write a whole number from 0 to 100.',
    ]);
  });

  it('warn of data that is not there, and say where a version of it is kept', async () => {
    put('data/raw.csv.dvc', 'outs:', '- path: raw.csv', '  md5: d41d8cd98f00b204e9800998ecf8427e');
    const file = put('data/dvc.yaml', 'stages:', '  a: {cmd: echo, deps: [raw.csv, none.csv]}');
    const { definition, found } = await read(file);
    assert.deepEqual(found, [
      '2:25 warning: “raw.csv” does not exist, and no stage makes it | Get it by “modelthat data pull”: “raw.csv.dvc” keeps a version of it.',
      '2:34 warning: “none.csv” does not exist, and no stage makes it | Create it, or add it to the outs of a stage.',
    ]);
    assert.deepEqual(definition?.dvc?.data, [
      { path: path.join(root, 'data/raw.csv'), file: path.join(root, 'data/raw.csv.dvc') },
    ]);
  });

  it('refuse what DVC would only find out when it runs', async () => {
    const file = put(
      'late/dvc.yaml',
      'stages:',
      '  a:',
      '    cmd: ${m}',
      '  b: {cmd: echo, params: [lerning]}',
      '  c: {cmd: echo, deps: ["s3://bucket/x"]}',
    );
    put('late/params.yaml', 'learning: 1', 'm: {a: 1}');
    const { definition, found } = await read(file);
    assert.equal(definition, null);
    assert.deepEqual(found, [
      '3:10 error: “${m}” is a mapping, which cannot stand here | Name one of its values; only a mapping, and only in “cmd”, becomes options.',
      '5:25 warning: “s3://bucket/x” is not on this machine, and DVC, which could reach it, is not installed: the stage cannot be run here | Install it with what your storage needs: pip install "dvc[s3]" (or gs, azure, ssh …); the other stages can run.',
      '4:27 error: there is no parameter “lerning” in “params.yaml” | Did you mean “learning”?',
    ]);
    const { found: set } = await read(file, { text: 'stages: {}', set: { lerning: '2' } });
    assert.match(set[0] ?? '', /there is no parameter “lerning” in params\.yaml \| Did you mean “learning”/);
  });

  it('have neither commands nor needs where they are frozen', async () => {
    const file = put(
      'frozen/dvc.yaml',
      'stages:',
      '  a: {cmd: echo, outs: [x]}',
      '  b: {cmd: echo, deps: [x], outs: [y], frozen: true}',
    );
    const { definition } = await read(file);
    const frozen = definition?.steps.find(({ name }) => name === 'b');
    assert.deepEqual([frozen?.commands, frozen?.needs, frozen?.deps], [[], [], []]);
    assert.deepEqual(frozen?.dvc?.deps, [path.join(root, 'frozen/x')]);
  });
});
