// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of pipelines have templates
import assert from 'node:assert/strict';
import { completionsAt } from '../../../../extension/language/completion/complete.ts';
import { hoverAt } from '../../../../extension/language/hover.ts';
import { definitionAt, linksIn, referencesAt } from '../../../../extension/language/navigation.ts';
import { PipelineText } from '../../../../extension/language/pipeline-text.ts';
import { renameAt } from '../../../../extension/language/rename.ts';
import { symbolsOf } from '../../../../extension/language/symbols.ts';
import { YamlText } from '../../../../extension/language/yaml-text.ts';
import { TypedProject } from '../../../support/language.ts';

const FILES = {
  'params.yaml': 'lr: 0.1\nmodel:\n  depth: 3\n',
  'extra.yaml': 'seed: 7\nhidden: 1\n',
  'src/params.yaml': 'batch: 32\n',
  'src/train.py': '',
  'limits.json': '{"loss": 0.5}',
  'data/raw.csv': 'a\n',
};

const DVC = `vars:
  - extra.yaml:seed
  - name: net
stages:
  prepare:
    cmd: python src/prepare.py data/raw.csv
    deps: [data/raw.csv]
    outs:
      - data/clean.csv:
          persist: true
  train:
    cmd: python train.py --lr \${lr} --depth \${model.depth} --seed \${seed}
    wdir: src
    deps: [../data/clean.csv]
    params:
      - batch
      - ../limits.json:
          - loss
    outs: ["../models/\${name}.bin"]
    metrics:
      - ../metrics.json:
          cache: false
  sweep:
    foreach: [1, 2]
    do:
      cmd: echo \${item}
      deps: [data/clean.csv]
`;

/** The file with the cursor before the text after `before`. */
function at(text: string, before = ''): Record<string, string> {
  assert.ok(DVC.includes(before + text), text);
  return { ...FILES, 'dvc.yaml': DVC.replace(before + text, `${before}|${text}`) };
}

describe('a dvc.yaml', () => {
  const definitions: [title: string, texts: Record<string, string>, expected: string | undefined][] = [
    ['a parameter of params.yaml', at('lr}'), 'params.yaml:1 lr'],
    ['a parameter of a group', at('depth}'), 'params.yaml:3 depth'],
    ['a parameter of a file among its variables', at('seed}'), 'extra.yaml:1 seed'],
    ['a parameter among its variables', at('name}'), 'dvc.yaml:3 name'],
    ['a listed parameter, in the folder of the stage', at('batch'), 'src/params.yaml:1 batch'],
    ['a listed parameter of another file', at('loss', '- '), 'limits.json:1 loss'],
    ['another file of parameters', at('../limits.json'), 'limits.json'],
    ['a file of variables', at('extra.yaml:seed'), 'extra.yaml'],
    [
      'the stage that makes a file, from another folder',
      at('../data/clean.csv'),
      'dvc.yaml:9 data/clean.csv',
    ],
    [
      'the stage that makes a file, from a repeated stage',
      at('data/clean.csv]\n', 'deps: ['),
      'dvc.yaml:9 data/clean.csv',
    ],
    ['a script, in the folder of the stage', at('train.py'), 'src/train.py'],
    ['a script that is not there', at('src/prepare.py'), undefined],
  ];
  for (const [title, texts, expected] of definitions) {
    it(`leads to ${title}`, async () => {
      const project = new TypedProject(texts);
      const found = await definitionAt(...project.cursor);
      assert.equal(found && project.show(found.to), expected);
    });
  }

  const completions: [title: string, text: string, offered: string[], absent: string[]][] = [
    ['its own keys', '|', ['stages', 'vars', 'artifacts'], ['steps', 'env']],
    [
      'keys of a stage',
      'stages:\n  a:\n    cmd: x\n    |\n',
      ['wdir', 'frozen', 'foreach', 'matrix'],
      ['cmd', 'run', 'gates'],
    ],
    [
      'keys of a repeated stage',
      'stages:\n  a:\n    foreach: [1]\n    do:\n      |\n',
      ['cmd', 'deps'],
      ['foreach'],
    ],
    [
      'keys of an output',
      'stages:\n  a:\n    outs:\n      - x.csv:\n          |\n',
      ['cache', 'persist'],
      ['x'],
    ],
    [
      'keys of a plot',
      'stages:\n  a:\n    plots:\n      - x.csv:\n          |\n',
      ['template', 'x', 'cache'],
      [],
    ],
    [
      'templates of plots',
      'stages:\n  a:\n    plots:\n      - x.csv:\n          template: |\n',
      ['confusion'],
      [],
    ],
    ['true and false', 'stages:\n  a:\n    frozen: |\n', ['true', 'false'], []],
    ['parameters in a template', 'stages:\n  a:\n    cmd: x ${|\n', ['lr', 'model.depth'], ['model']],
    ['variables in a template', `${DVC}  a:\n    cmd: x \${|\n`, ['lr', 'seed', 'name'], ['hidden']],
    [
      'what a repeated stage is repeated for',
      'stages:\n  a:\n    foreach: [1]\n    do:\n      cmd: x ${|\n',
      ['item', 'key'],
      [],
    ],
    [
      'the names of a matrix',
      'stages:\n  a:\n    matrix: { size: [1] }\n    cmd: x ${|\n',
      ['item.size'],
      [],
    ],
    [
      'listed parameters',
      'stages:\n  a:\n    params:\n      - |\n',
      ['lr', 'model', 'model.depth'],
      ['batch'],
    ],
    [
      'listed parameters of another file',
      'stages:\n  a:\n    params:\n      - limits.json:\n          - |\n',
      ['loss'],
      ['lr'],
    ],
    [
      'what other stages make',
      `${DVC}  a:\n    deps: [|]\n`,
      ['data/clean.csv', 'metrics.json', 'data/'],
      [],
    ],
    [
      'files in the folder of the stage',
      'stages:\n  a:\n    wdir: src\n    deps: [|]\n',
      ['train.py'],
      ['data/'],
    ],
  ];
  for (const [title, text, offered, absent] of completions) {
    it(`is completed with ${title}`, async () => {
      const project = new TypedProject({ ...FILES, 'dvc.yaml': text });
      const [files, file, offset] = project.cursor;
      const labels = (await completionsAt(files, project.facts, file, offset)).map(({ label }) => label);
      for (const label of offered)
        assert.ok(labels.includes(label), `${label} is not among ${labels.join(', ')}`);
      for (const label of absent)
        assert.ok(!labels.includes(label), `${label} is among ${labels.join(', ')}`);
    });
  }

  it('has references in all pipelines that read a parameter', async () => {
    const project = new TypedProject({
      ...FILES,
      'dvc.yaml': DVC,
      'modelthat.yaml': 'steps: { a: { run: "x ${lr}" } }\n',
      'params.yaml': 'l|r: 0.1\n',
    });
    const found = await referencesAt(...project.cursor, { declaration: false });
    assert.deepEqual(
      found.map(place => project.show(place)),
      ['dvc.yaml:12 lr', 'modelthat.yaml:1 lr'],
    );
  });

  it('has its paths renamed in every folder', async () => {
    const project = new TypedProject(at('../data/clean.csv'));
    const edits = await renameAt(...project.cursor, '../data/table.csv');
    assert.equal(project.edited('dvc.yaml', edits), DVC.replaceAll('data/clean.csv', 'data/table.csv'));
  });

  it('has its stages renamed, also in dvc.lock, so that they are not run again', async () => {
    const lock = "schema: '2.0'\nstages:\n  prepare:\n    cmd: x\n  sweep@1:\n    cmd: echo 1\n";
    const rename = async (text: string, to: string) => {
      const project = new TypedProject({ ...at(text), 'dvc.lock': lock });
      const edits = await renameAt(...project.cursor, to);
      return [project.edited('dvc.yaml', edits), project.edited('dvc.lock', edits)];
    };
    assert.deepEqual(await rename('prepare:', 'clean'), [
      DVC.replace('prepare:', 'clean:'),
      lock.replace('prepare:', 'clean:'),
    ]);
    assert.deepEqual(await rename('sweep:', 'grid'), [
      DVC.replace('sweep:', 'grid:'),
      lock.replace('sweep@1:', 'grid@1:'),
    ]);
  });

  it('explains its keys, and shows what a stage runs and makes', async () => {
    const hover = async (texts: Record<string, string>) => {
      const project = new TypedProject(texts);
      const [files, file, offset] = project.cursor;
      return (await hoverAt(files, project.facts, file, offset))?.markdown;
    };
    assert.match((await hover(at('persist'))) ?? '', /stays where it is when the stage runs/);
    assert.match((await hover(at('foreach'))) ?? '', /a stage of `do` for each value/);
    assert.match(
      (await hover(at('prepare:'))) ?? '',
      /python src\/prepare\.py data\/raw\.csv[\s\S]*makes `data\/clean\.csv`/,
    );
    assert.match(
      (await hover(at('../data/clean.csv'))) ?? '',
      /made by \*\*prepare\*\*; read by \*\*train\*\*, \*\*sweep\*\*/,
    );
  });

  it('has links to the files that are there', async () => {
    const project = new TypedProject({ ...FILES, 'dvc.yaml': `|${DVC}` });
    const found = await linksIn(project, project.file);
    assert.deepEqual(
      found.map(({ to }) => project.show(to)),
      ['extra.yaml', 'data/raw.csv', 'limits.json'],
    );
  });

  it('has an outline of its stages', () => {
    const pipeline = PipelineText.read('/project/dvc.yaml', new YamlText(DVC));
    const stages = pipeline && symbolsOf(pipeline).find(({ name }) => name === 'stages');
    assert.deepEqual(
      stages?.children.map(({ name }) => name),
      ['prepare', 'train', 'sweep'],
    );
    assert.equal(stages?.children[2]?.detail, 'echo ${item}');
  });
});
