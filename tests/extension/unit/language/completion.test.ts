// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of pipelines have templates
import assert from 'node:assert/strict';
import { completionsAt } from '../../../../extension/language/completion/complete.ts';
import type { DaemonFacts } from '../../../../extension/language/daemon-facts.ts';
import { TypedProject } from '../../../support/language.ts';

const FILES = {
  'params.yaml': 'train:\n  rate: 0.1\n  rounds: 50\nmode: full\n',
  'data/raw/train.csv': '',
  'data/raw/store.csv': '',
  'config/best.json': '',
  'train.py': '',
};

const PIPELINE = `
params: params.yaml
metrics: { rmspe: minimize }
steps:
  features:
    run: python -m features
    deps: [data/raw]
    outs: [data/features.parquet]
`;

/** What is offered at `|`: exactly these, or among others these and not those. */
interface Case {
  readonly title: string;
  readonly text: string;
  readonly exactly?: readonly string[];
  readonly offered?: readonly string[];
  readonly absent?: readonly string[];
  readonly facts?: Partial<DaemonFacts>;
  readonly file?: string;
}

const CASES: readonly Case[] = [
  { title: 'keys of an empty file', text: '|', offered: ['name', 'params', 'steps'], absent: ['run'] },
  {
    title: 'keys of the file that are not there yet',
    text: 'name: x\n|\nsteps: {}\n',
    offered: ['params', 'env'],
    absent: ['name', 'steps'],
  },
  {
    title: 'keys of a step on an empty line',
    text: `${PIPELINE}    |`,
    offered: ['after', 'gates'],
    absent: ['run', 'deps', 'name'],
  },
  {
    title: 'keys of a step that is new',
    text: 'steps:\n  train:\n    |\n  other:\n    run: x\n',
    offered: ['run', 'deps'],
  },
  {
    title: 'keys of a step before its other keys',
    text: 'steps:\n  train:\n    |\n    run: x\n',
    offered: ['deps', 'after'],
    absent: ['run'],
  },
  {
    title: 'keys of a step, begun, before its other keys',
    text: 'steps:\n  train:\n    de|\n    run: x\n',
    offered: ['deps'],
    absent: ['run'],
  },
  { title: 'keys in a flow mapping', text: 'steps:\n  a:\n    promote: { model: m, | }\n', exactly: ['to'] },
  {
    title: 'keys of retries',
    text: 'steps:\n  a:\n    retries:\n      |\n',
    exactly: ['times', 'wait', 'backoff', 'max_wait'],
  },
  { title: 'a new step among the steps', text: `${PIPELINE}  |`, exactly: ['New step'] },
  { title: 'no keys that have no effect yet', text: `${PIPELINE}    |`, absent: ['tune'] },
  { title: 'other steps after a key', text: `${PIPELINE}  train:\n    after: |`, exactly: ['features'] },
  {
    title: 'other steps in a list',
    text: `${PIPELINE}  train:\n    run: x\n    after: [|]\n`,
    exactly: ['features'],
  },
  {
    title: 'other steps in a list that is not closed',
    text: `${PIPELINE}  train:\n    after: [fe|\n    run: x\n`,
    exactly: ['features'],
  },
  {
    title: 'other steps in a list of lines',
    text: `${PIPELINE}  train:\n    after:\n      - f|\n`,
    exactly: ['features'],
  },
  {
    title: 'parameters in a template, with their values',
    text: `${PIPELINE}  train:\n    run: python train.py --rate \${|\n`,
    exactly: ['train.rate = 0.1', 'train.rounds = 50', 'mode = full'],
  },
  {
    title: 'parameters in a template that is begun and closed',
    text: `${PIPELINE}  train:\n    run: python train.py --rate \${train.r|}\n`,
    offered: ['train.rate = 0.1'],
  },
  {
    title: 'parameters in a template within quotes',
    text: `${PIPELINE}  train:\n    outs: ["models/\${mo|"]\n`,
    offered: ['mode = full'],
  },
  {
    title: 'parameters and their groups for a step',
    text: `${PIPELINE}  train:\n    params: [|]\n`,
    offered: ['train = { rate, rounds }', 'train.rate = 0.1', 'mode = full'],
  },
  {
    title: 'parameters that are set in the file itself',
    text: 'params: { lr: 0.5 }\nsteps:\n  a:\n    run: x ${|}\n',
    exactly: ['lr = 0.5'],
  },
  {
    title: 'parameters in a condition',
    text: `${PIPELINE}  train:\n    when: |\n`,
    offered: ['mode = full'],
  },
  {
    title: 'files and folders, and first what other steps make',
    text: `${PIPELINE}  train:\n    deps: [|]\n`,
    exactly: [
      'data/features.parquet = made by features',
      'config/',
      'data/',
      'modelthat.yaml',
      'params.yaml',
      'train.py',
    ],
  },
  {
    title: 'files in a folder',
    text: `${PIPELINE}  train:\n    deps: [data/raw/|]\n`,
    offered: ['train.csv', 'store.csv'],
  },
  {
    title: 'files relative to the folder that the step runs in',
    text: 'steps:\n  a:\n    cwd: data\n    run: x\n    deps:\n      - raw/t|\n',
    offered: ['train.csv'],
  },
  { title: 'folders to run in', text: 'steps:\n  a:\n    cwd: |\n', exactly: ['config/', 'data/'] },
  { title: 'files in a command', text: 'steps:\n  a:\n    run: python tr|\n', offered: ['train.py'] },
  {
    title: 'requirements',
    text: 'env: { python: | }\nsteps: {}\n',
    offered: ['params.yaml', 'requirements.txt = example'],
  },
  {
    title: 'stages',
    text: 'steps:\n  a:\n    promote: { model: m, to: | }\n',
    exactly: ['None', 'Staging', 'Production', 'Archived'],
  },
  {
    title: 'goals of metrics',
    text: 'metrics: { rmspe: | }\nsteps: {}\n',
    exactly: ['minimize', 'maximize'],
  },
  { title: 'true and false', text: 'steps:\n  a:\n    always: |\n', exactly: ['true', 'false'] },
  {
    title: 'durations',
    text: 'steps:\n  a:\n    timeout: |\n',
    exactly: ['90s = example', '15m = example', '2h = example'],
  },
  {
    title: 'models that the file or the registry knows',
    text: 'steps:\n  a:\n    model: { register: sales }\n  b:\n    promote: { model: |, to: Staging }\n',
    facts: { models: ['churn', 'sales'] },
    exactly: ['sales', 'churn'],
  },
  {
    title: 'metrics in a gate, and those of the champion',
    text: `${PIPELINE}  train:\n    gates: [|]\n`,
    facts: { metrics: ['mae'] },
    offered: ['rmspe', 'mae', 'champion.rmspe = of the version in Production'],
  },
  {
    title: 'metrics after a comparison',
    text: `${PIPELINE}  train:\n    gates:\n      - rmspe < cham|\n`,
    offered: ['champion.rmspe = of the version in Production'],
  },
  { title: 'nothing in a comment', text: `${PIPELINE}  # after: |`, exactly: [] },
  { title: 'nothing in a description', text: 'steps:\n  a:\n    desc: trains the | model\n', exactly: [] },
  { title: 'nothing below a key that is unknown', text: 'steps:\n  a:\n    runn: { | }\n', exactly: [] },
  {
    title: 'steps in a file with a mistake further up',
    text: `env: { python: [\n${PIPELINE}  train:\n    run: "x\n    after: |\n`.replace('"x', 'x'),
    exactly: ['features'],
  },
];

describe('completion', () => {
  for (const { title, text, exactly, offered = [], absent = [], facts, file = 'modelthat.yaml' } of CASES) {
    it(`offers ${title}`, async () => {
      const project = new TypedProject({ [file]: text, ...FILES }, facts);
      const [files, place, offset] = project.cursor;
      const found = await completionsAt(files, project.facts, place, offset);
      const shown = found.map(({ label, detail }) =>
        detail && label !== 'New step' ? `${label} = ${detail}` : label,
      );
      if (exactly) assert.deepEqual(shown, exactly);
      for (const label of offered)
        assert.ok(shown.includes(label), `${label} is not among ${shown.join(', ')}`);
      for (const label of absent) assert.ok(!shown.includes(label), `${label} is among ${shown.join(', ')}`);
    });
  }

  it('replaces the whole word that the cursor is in', async () => {
    const text = 'steps:\n  a: { run: x }\n  b:\n    after: [a_lo|ng_name]\n';
    const project = new TypedProject({ 'modelthat.yaml': text });
    const [files, file, offset] = project.cursor;
    const [item] = await completionsAt(files, project.facts, file, offset);
    assert.equal(
      item && project.edited('modelthat.yaml', [{ file, span: item.span, text: item.insert }]),
      'steps:\n  a: { run: x }\n  b:\n    after: [a]\n',
    );
  });

  it('closes a template, once', async () => {
    for (const rest of ['', '}', 'lr}', ' }']) {
      const text = `params: { lr: 0.5 }\nsteps:\n  a:\n    run: x \${l|${rest} y\n`;
      const project = new TypedProject({ 'modelthat.yaml': text });
      const [files, file, offset] = project.cursor;
      const [item] = await completionsAt(files, project.facts, file, offset);
      const edited = item && project.edited('modelthat.yaml', [{ file, span: item.span, text: item.insert }]);
      assert.equal(edited, 'params: { lr: 0.5 }\nsteps:\n  a:\n    run: x ${lr} y\n');
    }
  });

  it('writes keys with what follows them', async () => {
    const project = new TypedProject({ 'modelthat.yaml': 'steps:\n  a:\n    |\n' });
    const [files, file, offset] = project.cursor;
    const found = await completionsAt(files, project.facts, file, offset);
    const insert = (label: string) => found.find(item => item.label === label)?.insert;
    assert.equal(insert('run'), 'run: $1');
    assert.equal(insert('deps'), 'deps: [$1]');
    assert.equal(insert('promote'), 'promote: { model: $1, to: $2 }');
    assert.equal(insert('env'), 'env:\n  $1');
    assert.match(
      found.find(item => item.label === 'run')?.documentation ?? '',
      /A command.*\n\nFor example:\n\n {4}python/,
    );
  });
});
