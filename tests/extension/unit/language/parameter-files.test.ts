// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of pipelines have templates
import assert from 'node:assert/strict';
import { completionsAt } from '../../../../extension/language/completion/complete.ts';
import { hoverAt } from '../../../../extension/language/hover.ts';
import { definitionAt, referencesAt } from '../../../../extension/language/navigation.ts';
import { RenameError, renameAt } from '../../../../extension/language/rename.ts';
import { TypedProject } from '../../../support/language.ts';

const TOML = `# lr = 1
lr = 0.1 # as ever
name = "a = # b"
"quoted key" = 'x'
long = """
hidden = 1
"""
sizes = [
  1, # one
  { inner = 2 },
]

[train]
opt.kind = "adam"
model = { depth = 3, net = { width = 64 } }

[train.data]
batch = 32

[[layers]]
units = 1
`;

const PYTHON = `import os
LR = 0.1
SIZES = [1, 2]
OPT = {"kind": "adam", "deep": {"width": 64}}
a, b = 1, 2

class Train:
    epochs: int = 10

    def __init__(self):
        self.batch = 32
        local = 1

    def other(self):
        self.hidden = 1

def function():
    inner = 1
`;

const DVC = `vars: [params.toml:train, params.toml:lr]
stages:
  a:
    cmd: x \${lr} \${train.data.batch} \${train.opt.kind}
    params:
      - params.toml: [sizes, train.model.net.width, quoted key]
      - params.py: [LR, Train.epochs, Train.batch, OPT.deep.width]
`;

function at(text: string, files: Readonly<Record<string, string>> = {}): TypedProject {
  assert.ok(DVC.includes(text), text);
  const dvc = DVC.replace(text, `|${text}`);
  return new TypedProject({ 'params.toml': TOML, 'params.py': PYTHON, 'dvc.yaml': dvc, ...files });
}

describe('parameters in TOML and Python', () => {
  const definitions: readonly (readonly [string, string])[] = [
    ['lr} ', 'params.toml:2 lr'],
    ['batch} ', 'params.toml:18 batch'],
    ['data.batch', 'params.toml:17 data'],
    ['kind}', 'params.toml:14 kind'],
    ['sizes', 'params.toml:8 sizes'],
    ['width, quoted', 'params.toml:15 width'],
    ['LR', 'params.py:2 LR'],
    ['epochs', 'params.py:8 epochs'],
    ['batch, OPT', 'params.py:11 batch'],
    ['width]', 'params.py:4 width'],
  ];
  for (const [text, expected] of definitions) {
    it(`are gone to: ${expected}`, async () => {
      const project = at(text);
      const found = await definitionAt(...project.cursor);
      assert.equal(found && project.show(found.to), expected);
    });
  }

  const offered = async (file: string) => {
    const project = at('sizes', {
      'dvc.yaml': `stages:\n  a:\n    params:\n      - ${file}:\n          - |\n`,
    });
    const [files, name, offset] = project.cursor;
    return (await completionsAt(files, project.facts, name, offset)).map(({ label }) => label);
  };

  it('are offered, and nothing that is none', async () => {
    assert.deepEqual(await offered('params.toml'), [
      ...['lr', 'name', 'quoted key', 'long', 'sizes', 'train', 'train.opt', 'train.opt.kind', 'train.model'],
      ...['train.model.depth', 'train.model.net', 'train.model.net.width', 'train.data', 'train.data.batch'],
    ]);
    assert.deepEqual(await offered('params.py'), [
      ...[
        'LR',
        'SIZES',
        'OPT',
        'OPT.kind',
        'OPT.deep',
        'OPT.deep.width',
        'Train',
        'Train.epochs',
        'Train.batch',
      ],
    ]);
  });

  const hover = async (project: TypedProject) => {
    const [files, file, offset] = project.cursor;
    return (await hoverAt(files, project.facts, file, offset))?.markdown ?? '';
  };

  it('are explained, where they are used and where they are set', async () => {
    assert.match(
      await hover(at('lr} ')),
      /lr: 0\.1\n[\s\S]*Set in params\\\.toml, line 2; used by \*\*a\*\*/,
    );
    const code = { 'dvc.yaml': DVC, 'params.py': PYTHON.replace('epochs', '|epochs') };
    assert.match(await hover(at('LR', code)), /Train\.epochs: 10\n[\s\S]*used by \*\*a\*\*/);
  });

  it('are renamed in TOML, wherever a group is named', async () => {
    const project = at('train.data');
    const edits = await renameAt(...project.cursor, 'fit');
    assert.equal(
      project.edited('params.toml', edits),
      TOML.replace('[train]', '[fit]').replace('[train.data]', '[fit.data]'),
    );
    assert.equal(
      project.edited('dvc.yaml', edits),
      DVC.replaceAll('train.', 'fit.').replace('params.toml:train', 'params.toml:fit'),
    );
  });

  it('are left in Python, whose other uses are not known', async () => {
    await assert.rejects(renameAt(...at('LR').cursor, 'RATE'), RenameError);
  });

  it('have their uses found from where they are set', async () => {
    const project = at('LR', { 'dvc.yaml': DVC, 'params.toml': TOML.replace('batch =', '|batch =') });
    const found = await referencesAt(...project.cursor, { declaration: false });
    assert.deepEqual(
      found.map(place => project.show(place)),
      ['dvc.yaml:4 batch'],
    );
  });

  it('are found as far as they are typed', async () => {
    const texts = {
      'dvc.yaml': DVC.replace('lr} ', '|lr} '),
      'params.toml': '[open\nlr = 1\n[train\nx = {',
      'params.py': 'LR =',
    };
    const found = await definitionAt(...at('LR', texts).cursor);
    assert.equal(found, undefined);
  });
});
