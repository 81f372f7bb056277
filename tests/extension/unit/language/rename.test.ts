// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of pipelines have templates
import assert from 'node:assert/strict';
import { RenameError, renameAt, renameableAt } from '../../../../extension/language/rename.ts';
import { TypedProject } from '../../../support/language.ts';

const PIPELINE = `steps:
  features:
    run: python -m sales.features
    outs: [data/features]
  train:
    run: python -m sales.train --rate \${train.rate} --again \${ train.rate }
    after: [features]
    deps: [data/features/part.parquet]
    params: [train.rate]
    outs: ["models/\${mode}.bin"]
`;
const PARAMETERS = 'train:\n  rate: 0.1\n  rounds: 5\nmode: full\n';

function at(text: string): TypedProject {
  assert.ok(PIPELINE.includes(text), text);
  return new TypedProject({
    'modelthat.yaml': PIPELINE.replace(text, `|${text}`),
    'params.yaml': PARAMETERS,
  });
}

describe('renaming', () => {
  it('changes a step and what comes after it', async () => {
    const project = at('features]\n    deps');
    const edits = await renameAt(...project.cursor, 'prepare');
    assert.equal(
      project.edited('modelthat.yaml', edits),
      PIPELINE.replace('  features:', '  prepare:').replace('[features]', '[prepare]'),
    );
  });

  it('changes the part of a parameter’s name that the cursor is in, wherever it is read and set', async () => {
    const project = at('rate} --again');
    const edits = await renameAt(...project.cursor, 'learning_rate');
    assert.equal(
      project.edited('modelthat.yaml', edits),
      PIPELINE.replaceAll('train.rate', 'train.learning_rate'),
    );
    assert.equal(project.edited('params.yaml', edits), PARAMETERS.replace('rate:', 'learning_rate:'));
  });

  it('changes a group of parameters', async () => {
    const project = at('train.rate]');
    const edits = await renameAt(...project.cursor, 'fit');
    assert.equal(project.edited('modelthat.yaml', edits), PIPELINE.replaceAll('train.rate', 'fit.rate'));
    assert.equal(project.edited('params.yaml', edits), PARAMETERS.replace('train:', 'fit:'));
  });

  it('changes a path, what lies below it, and what is written relative to another folder', async () => {
    const other = 'steps:\n  a:\n    cwd: sub\n    run: x\n    deps: [../../data/features]\n';
    const project = new TypedProject({
      'modelthat.yaml': PIPELINE.replace('data/features]', '|data/features]'),
      'params.yaml': PARAMETERS,
      'other/modelthat.yaml': other,
    });
    const edits = await renameAt(...project.cursor, 'out/table');
    assert.equal(project.edited('modelthat.yaml', edits), PIPELINE.replaceAll('data/features', 'out/table'));
    assert.equal(
      project.edited('other/modelthat.yaml', edits),
      other.replace('../../data/features', '../../out/table'),
    );
  });

  it('changes a step that is repeated where one of its repetitions is named', async () => {
    const text = 'steps:\n  a: { run: x, foreach: [1, 2] }\n  b: { run: x, after: [|a@1] }\n';
    const project = new TypedProject({ 'modelthat.yaml': text });
    const edits = await renameAt(...project.cursor, 'c');
    assert.equal(
      project.edited('modelthat.yaml', edits),
      'steps:\n  c: { run: x, foreach: [1, 2] }\n  b: { run: x, after: [c@1] }\n',
    );
  });

  it('keeps the quotes of a name', async () => {
    const project = new TypedProject({
      'modelthat.yaml': 'steps:\n  "a": { run: x }\n  b: { run: x, after: \'|a\' }\n',
    });
    const edits = await renameAt(...project.cursor, 'c');
    assert.equal(
      project.edited('modelthat.yaml', edits),
      'steps:\n  "c": { run: x }\n  b: { run: x, after: \'c\' }\n',
    );
  });

  const refused: [title: string, project: TypedProject, to: string, reason: RegExp][] = [
    ['a step to a name that is taken', at('features:'), 'train', /There is a step “train” already/],
    ['a step to what is no name', at('features:'), 'my step', /“my step” is not a name for a step/],
    ['a step to what YAML reads as a number', at('features:'), '12', /YAML reads “12” as 12/],
    [
      'a parameter to a name that is taken',
      at('rate} --again'),
      'rounds',
      /There is a parameter “train.rounds” already/,
    ],
    ['a parameter to what is no name', at('rate} --again'), 'a.b', /“a.b” is not a name for a parameter/],
    [
      'a path to what another step makes',
      at('data/features]'),
      'models/full.bin',
      /A step makes “models\/full.bin” already/,
    ],
    ['a path to what would need quotes', at('data/features]'), 'a, b', /“a, b” would need quotes/],
    ['a path to nothing', at('data/features]'), ' ', /A path is needed/],
    ['a path that is made from parameters', at('models/'), 'x', /The path is made from parameters/],
    ['a Python module', at('sales.train'), 'x', /Rename the Python file itself/],
  ];
  for (const [title, project, to, reason] of refused) {
    it(`refuses ${title}`, async () => {
      await assert.rejects(renameAt(...project.cursor, to), (error: unknown) => {
        assert.ok(error instanceof RenameError);
        assert.match(error.message, reason);
        return true;
      });
    });
  }

  it('is offered for names, and not for keys', async () => {
    const project = at('features]\n    deps');
    const span = await renameableAt(...project.cursor);
    assert.equal(project.show({ file: project.file, span }), 'modelthat.yaml:7 features');
    await assert.rejects(renameableAt(...at('run: python').cursor), /here is none of them/);
    await assert.rejects(renameableAt(...at('models/').cursor), /made from parameters/);
  });
});
