// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of pipelines have templates
import assert from 'node:assert/strict';
import path from 'node:path';
import { readDefinition } from '../../../../daemon/pipelines/definition/read.ts';
import { fixesFor } from '../../../../extension/language/fixes.ts';
import { TypedProject } from '../../../support/language.ts';

const FILE = path.resolve('/project/modelthat.yaml');

/** Each fix of the problems that the daemon finds in a text, with what it makes of it. */
async function fixed(text: string): Promise<Record<string, string>> {
  const { problems } = readDefinition({ file: FILE, workspace: path.dirname(FILE), text });
  const lines = text.split('\n');
  const offset = (line: number, column: number) =>
    lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
  const project = new TypedProject({ 'modelthat.yaml': `|${text}` });
  const fixes = await Promise.all(
    problems.map(({ line, column, endLine = line, endColumn = column, message, remedy }) =>
      fixesFor(project, FILE, {
        span: { start: offset(line, column), end: offset(endLine, endColumn) },
        message: `${message}\n${remedy}`,
      }),
    ),
  );
  return Object.fromEntries(
    fixes.flat().map(({ title, edits }) => [title, project.edited('modelthat.yaml', edits)]),
  );
}

describe('a quick fix', () => {
  it('writes the key that was meant', async () => {
    const definition = await fixed('steps:\n  a:\n    runn: x\n');
    assert.deepEqual(definition, { 'Change to “run”': 'steps:\n  a:\n    run: x\n' });
  });

  it('writes our word for one of DVC', async () => {
    const definition = await fixed('steps:\n  a:\n    cmd: x\n');
    assert.deepEqual(definition, { 'Change to “run”': 'steps:\n  a:\n    run: x\n' });
  });

  it('writes the step that was meant, or adds the one that is named', async () => {
    const text = 'steps:\n  features:\n    run: x # first\n\n  train:\n    run: x\n    after: [feature]\n';
    const definition = await fixed(text);
    assert.deepEqual(definition, {
      'Change to “features”': text.replace('[feature]', '[features]'),
      'Add step “feature”': `${text}  feature:\n    run: echo feature\n`,
    });
  });

  it('writes the parameter that was meant within a command, or adds the one that is named', async () => {
    const text = 'params: { train: { rate: 0.1 } }\nsteps:\n  a:\n    run: x --rate ${train.rte} -y\n';
    assert.deepEqual(await fixed(text), {
      'Change to “train.rate”': text.replace('train.rte', 'train.rate'),
      'Add parameter “train.rte” to modelthat.yaml': text.replace('0.1 }', '0.1, rte: null }'),
    });
  });

  it('adds a parameter to its file, in its group', async () => {
    const parameters = 'train:\n  rate: 0.1 # slow\n  rounds: 5 # few\nmode: full\n';
    const add = async (name: string) => {
      const text = `steps:\n  a:\n    run: x \${${name}}\n`;
      const project = new TypedProject({ 'modelthat.yaml': `|${text}`, 'params.yaml': parameters });
      const start = text.indexOf('x $');
      const fixes = await fixesFor(project, FILE, { span: { start, end: text.length - 1 }, message: 'none' });
      return fixes.map(({ edits }) => project.edited('params.yaml', edits));
    };
    assert.deepEqual(await add('train.depth'), [parameters.replace('# few\n', '# few\n  depth: null\n')]);
    assert.deepEqual(await add('seed'), [`${parameters.trimEnd()}\nseed: null\n`]);
    assert.deepEqual(await add('data.folds.count'), [
      `${parameters.trimEnd()}\ndata:\n  folds:\n    count: null\n`,
    ]);
    assert.deepEqual(await add('mode'), []);
  });
});
