// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
/** Projects as modelthat reads them, beside what the real DVC reads of them. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import type { Diagnostic } from '../../../daemon/contract/pipelines.ts';
import { valueAt } from '../../../daemon/pipelines/dvc/context.ts';
import type { DvcParams } from '../../../daemon/pipelines/dvc/model.ts';
import { readParamsFile } from '../../../daemon/pipelines/dvc/params-file.ts';
import { findProject } from '../../../daemon/pipelines/dvc/project.ts';
import { jsonText } from '../../../daemon/pipelines/dvc/python.ts';
import { readDvcPipeline } from '../../../daemon/pipelines/dvc/read.ts';
import { temporaryFolder } from '../../support/database.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';
import { REFUSALS } from './dvc-refusals.ts';

const TESTS = path.resolve(import.meta.dirname, '../..');
const LAYOUTS = path.join(TESTS, 'fixtures/dvc');

/** What both say of a project. */
interface Reading {
  readonly stages?: readonly ({ readonly address: string } & Record<string, unknown>)[];
  readonly needs?: readonly (readonly string[])[];
  readonly refused?: string;
}

describe('dvc.yaml, beside the real DVC', function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  const layouts = fs.readdirSync(LAYOUTS).sort();
  let python: string;
  let theirs: Map<string, Reading>;

  /** What DVC says of projects in the temporary folder. */
  async function askDvc(names: readonly string[]): Promise<Map<string, Reading>> {
    const roots = names.map(name => path.join(folder.path, name));
    for (const root of roots) {
      if (fs.existsSync(path.join(root, '.dvc/config'))) continue;
      fs.mkdirSync(path.join(root, '.dvc'));
      fs.writeFileSync(path.join(root, '.dvc/config'), '[core]\n    no_scm = True\n');
    }
    const { stdout } = await execa(python, [path.join(TESTS, 'python/dvc_reading.py'), ...roots], {
      env: { DVC_NO_ANALYTICS: '1' },
    });
    const readings = JSON.parse(stdout) as Reading[];
    return new Map(readings.map((reading, index) => [names[index] ?? '', reading]));
  }

  before(async () => {
    python = await ensurePythonEnvironment(path.join(TESTS, 'python/requirements-dvc.txt'));
    fs.cpSync(LAYOUTS, folder.path, { recursive: true });
    theirs = await askDvc(layouts);
  });
  after(() => folder.remove());

  for (const layout of layouts) {
    it(`reads “${layout}” as DVC does`, async () => {
      const expected = theirs.get(layout);
      assert.equal(expected?.refused, undefined);
      const files = new Set(expected?.stages?.map(({ address }) => address.split(':')[0] ?? ''));
      assert.deepEqual(await readOurs(path.join(folder.path, layout), [...files]), expected);
    });
  }

  describe('what DVC refuses is refused, at its place', () => {
    const place = (index: number) => `refused-${index}`;
    let refused: Map<string, Reading>;

    before(async () => {
      for (const [index, { files }] of REFUSALS.entries()) {
        for (const [name, text] of Object.entries(files)) {
          const file = path.join(folder.path, place(index), name);
          fs.mkdirSync(path.dirname(file), { recursive: true });
          fs.writeFileSync(file, text);
        }
      }
      refused = await askDvc(REFUSALS.map((_, index) => place(index)));
    });

    for (const [index, { about, problem }] of REFUSALS.entries()) {
      it(about, async () => {
        assert.ok(refused.get(place(index))?.refused, 'DVC takes it');
        const root = fs.realpathSync(path.join(folder.path, place(index)));
        const file = path.join(root, 'dvc.yaml');
        const read = readDvcPipeline({ file, workspace: root }, await findProject(file, root));
        assert.equal(read.definition, null);
        const errors = read.problems
          .filter(({ severity }) => severity === 'error')
          .map(each => inWords(root, each));
        assert.equal(errors.length, 1, errors.join('\n'));
        assert.match(errors[0] ?? '', problem);
      });
    }
  });
});

function inWords(root: string, { file, line, column, message, remedy }: Diagnostic): string {
  return `${path.relative(root, file).replaceAll('\\', '/')}:${line}:${column} ${message} | ${remedy}`;
}

/** What we read of a project, in the words of `dvc_reading.py`. */
async function readOurs(root: string, files: readonly string[]): Promise<Reading> {
  const real = fs.realpathSync(root);
  const relative = (place: string) => path.relative(real, place).replaceAll('\\', '/') || '.';
  const stages = new Map<string, { readonly address: string } & Record<string, unknown>>();
  const needs = new Map<string, readonly string[]>();
  for (const name of files) {
    const file = path.join(real, name);
    const { definition, problems } = readDvcPipeline(
      { file, workspace: real },
      await findProject(file, real),
    );
    const errors = problems.filter(({ severity }) => severity === 'error');
    assert.deepEqual(errors, [], `${file} has problems`);
    const addresses = new Map<string, string>();
    for (const { name: step, dvc: stage } of definition?.steps ?? []) {
      assert.ok(stage);
      const { lock: _lock, wdir, deps, params, outs, ...rest } = stage;
      const address = `${relative(stage.lock).replace(/lock$/, 'yaml')}:${stage.name}`;
      addresses.set(step, address);
      const { name: _name, ...told } = rest;
      stages.set(address, {
        ...told,
        address,
        wdir: relative(wdir),
        deps: deps.map(relative),
        params: params.map(({ file: each, keys }) => [relative(each), keys ?? []]),
        values: params.map(each => [relative(each.file), valuesOf(each)]),
        outs: outs.map(out => ({ ...out, path: relative(out.path) })),
      });
    }
    for (const { name, needs: needed } of definition?.steps ?? [])
      for (const other of needed)
        needs.set(`${name} ${other} ${file}`, [addresses.get(name) ?? '', addresses.get(other) ?? '']);
  }
  const byAddress = (a: { address: string }, b: { address: string }) => compare(a.address, b.address);
  const pairs = new Map([...needs.values()].map(pair => [pair.join(' '), pair]));
  return {
    stages: [...stages.values()].sort(byAddress),
    needs: [...pairs.values()].sort((a, b) => compare(a.join(' '), b.join(' '))),
  };
}

function valuesOf({ file, keys }: DvcParams): string {
  const { values } = readParamsFile(file);
  if (keys === null) return jsonText(values);
  return jsonText(new Map(keys.map(key => [key, valueAt(values, key.split('.')) ?? null])));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
