// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of pipelines have templates
import assert from 'node:assert/strict';
import { definitionAt, linksIn, referencesAt } from '../../../../extension/language/navigation.ts';
import { TypedProject } from '../../../support/language.ts';

const FILES = {
  'params.yaml': 'train:\n  rate: 0.1\n  layers: [64, 32]\nmode: full\n',
  'data/raw/train.csv': '',
  'src/sales/train.py': '',
  'evaluate.py': '',
};

const PIPELINE = `params: params.yaml
steps:
  features:
    run: python -m sales.features
    deps: [data/raw/train.csv]
    outs: [data/features]
  train:
    run: python -m sales.train --rate \${train.rate}
    after: [features]
    deps: [data/features/part.parquet]
    params: [train]
    outs: ["models/\${mode}.bin"]
`;

/** `PIPELINE` with the cursor before a text. */
function at(text: string): Record<string, string> {
  assert.ok(PIPELINE.includes(text), text);
  return { ...FILES, 'modelthat.yaml': PIPELINE.replace(text, `|${text}`) };
}

describe('going to the definition', () => {
  const cases: [title: string, texts: Record<string, string>, expected: string | undefined][] = [
    ['of a step, from “after”', at('features]\n    deps'), 'modelthat.yaml:3 features'],
    ['of a parameter, from a template', at('rate}'), 'params.yaml:2 rate'],
    ['of a group of parameters, from a template', at('train.rate}'), 'params.yaml:1 train'],
    ['of a parameter, from a step’s list', at('train]'), 'params.yaml:1 train'],
    ['of a file that is there', at('data/raw/train.csv'), 'data/raw/train.csv'],
    ['of a file in a folder that a step makes', at('data/features/part'), 'modelthat.yaml:6 data/features'],
    ['of a Python module', at('sales.train'), 'src/sales/train.py'],
    ['of a Python module that is not there', at('sales.features'), undefined],
    ['of the file of parameters', at('params.yaml'), 'params.yaml'],
    ['of a key', at('outs: [data'), undefined],
    [
      'of a Python script',
      { ...FILES, 'modelthat.yaml': 'steps:\n  a:\n    run: python -u evalu|ate.py --fast\n' },
      'evaluate.py',
    ],
    [
      'of a script in the folder that the step runs in',
      { ...FILES, 'modelthat.yaml': 'steps:\n  a:\n    cwd: src/sales\n    run: python |train.py\n' },
      'src/sales/train.py',
    ],
    [
      'of a parameter that is set in the file itself',
      { 'modelthat.yaml': 'params: { lr: 0.5 }\nsteps:\n  a:\n    run: x ${l|r}\n' },
      'modelthat.yaml:1 lr',
    ],
    [
      'of one element of a parameter',
      { ...FILES, 'modelthat.yaml': 'steps:\n  a:\n    run: x ${train.lay|ers[0]}\n' },
      'params.yaml:3 layers',
    ],
    [
      'of a step while the line below is not finished',
      { 'modelthat.yaml': 'steps:\n  a: { run: x }\n  b:\n    after: [|a\n    run: "y\n' },
      'modelthat.yaml:2 a',
    ],
  ];
  for (const [title, texts, expected] of cases) {
    it(title, async () => {
      const project = new TypedProject(texts);
      const found = await definitionAt(...project.cursor);
      assert.equal(found && project.show(found.to), expected);
    });
  }
});

describe('references', () => {
  const find = async (texts: Record<string, string>, declaration = true) => {
    const project = new TypedProject(texts);
    return (await referencesAt(...project.cursor, { declaration })).map(place => project.show(place));
  };

  it('of a step', async () => {
    assert.deepEqual(await find(at('features:')), ['modelthat.yaml:3 features', 'modelthat.yaml:9 features']);
  });

  it('of a parameter, from its own file, in all pipelines that read it', async () => {
    const texts = {
      'a/modelthat.yaml': 'params: ../params.yaml\nsteps:\n  a:\n    run: x ${train.rate}\n',
      'b/modelthat.yaml': 'params: { train: { rate: 1 } }\nsteps:\n  a:\n    run: x ${train.rate}\n',
      'modelthat.yaml': PIPELINE,
      'params.yaml': 'train:\n  ra|te: 0.1\n',
    };
    assert.deepEqual(await find(texts), [
      'a/modelthat.yaml:4 rate',
      'modelthat.yaml:8 rate',
      'params.yaml:2 rate',
    ]);
    assert.deepEqual(await find(texts, false), ['a/modelthat.yaml:4 rate', 'modelthat.yaml:8 rate']);
  });

  it('of a file, however it is written', async () => {
    const text = 'steps:\n  a: { run: x, outs: [data/x|.csv] }\n  b: { run: x, cwd: data, deps: [x.csv] }\n';
    assert.deepEqual(await find({ 'modelthat.yaml': text }), [
      'modelthat.yaml:2 data/x.csv',
      'modelthat.yaml:3 x.csv',
    ]);
  });
});

describe('links', () => {
  it('lead to files that are there, but for those that have a definition in the file', async () => {
    const project = new TypedProject({ ...FILES, 'modelthat.yaml': `|${PIPELINE}` });
    const found = await linksIn(project, project.file);
    assert.deepEqual(
      found.map(({ to }) => project.show(to)),
      ['params.yaml', 'data/raw/train.csv'],
    );
  });
});
