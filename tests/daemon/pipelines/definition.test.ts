// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readDefinition } from '../../../daemon/pipelines/definition/read.ts';

describe('pipeline definitions', () => {
  let workspace: string;
  let file: string;

  beforeEach(() => {
    workspace = mkdtempSync(path.join(tmpdir(), 'modelthat-definition-'));
    file = path.join(workspace, 'modelthat.yaml');
  });
  afterEach(() => rmSync(workspace, { recursive: true }));

  function write(name: string, ...lines: string[]): void {
    const target = path.join(workspace, name);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, lines.join('\n'));
  }

  function read(lines: readonly string[], set: Record<string, string> = {}) {
    return readDefinition({ file, workspace, text: lines.join('\n'), set });
  }

  /** Problems as `line:column severity message remedy`. */
  function problems(...lines: string[]): string[] {
    return read(lines).problems.map(
      ({ line, column, severity, message, remedy }) =>
        `${line}:${column} ${severity}: ${message} | ${remedy}`,
    );
  }

  function assertProblem(lines: string[], place: string, message: RegExp): void {
    const found = problems(...lines);
    const at = found.filter(problem => problem.startsWith(`${place} `));
    assert.equal(at.length, 1, `expected one problem at ${place}, found:\n${found.join('\n')}`);
    assert.match(at[0] ?? '', message);
  }

  it('reads steps with their order by `after` and by data', () => {
    write('params.yaml', 'lr: 0.1', 'gates: { rmspe: 0.2 }');
    write('data/raw/a.csv', 'x');
    const { definition, problems: found } = read([
      'name: demo',
      'metrics: { rmspe: minimize }',
      'steps:',
      '  features:',
      '    run: python -m demo.features --lr ${lr}',
      '    deps: [data/raw]',
      '    outs: [data/features]',
      '  train:',
      '    run: [python train.py, "sh -c \'echo done\'"]',
      '    deps: [data/features/part.csv]',
      '    metrics: metrics.json',
      '    model: { register: demo }',
      '  evaluate:',
      '    after: train',
      '    gates: ["rmspe < ${gates.rmspe}", rmspe <= champion.rmspe * 1.02]',
      '    promote: { model: demo, to: Staging }',
    ]);
    assert.deepEqual(found, []);
    assert.deepEqual(
      definition?.steps.map(step => [step.name, step.line, step.needs, step.commands]),
      [
        ['features', 4, [], [['python', '-m', 'demo.features', '--lr', '0.1']]],
        [
          'train',
          8,
          ['features'],
          [
            ['python', 'train.py'],
            ['sh', '-c', 'echo done'],
          ],
        ],
        ['evaluate', 13, ['train'], []],
      ],
    );
    assert.deepEqual(definition?.steps[2]?.gates, ['rmspe < 0.2', 'rmspe <= champion.rmspe * 1.02']);
    assert.equal(definition?.steps[1]?.metrics[0], path.join(workspace, 'metrics.json'));
  });

  it('keeps a parameter with spaces or quotes one word of the command', () => {
    write('params.yaml', `title: a "b" && rm -rf /`);
    const { definition } = read(['steps:', '  one:', '    run: echo "<${title}>" ${title}']);
    assert.deepEqual(definition?.steps[0]?.commands, [['echo', '<a "b" && rm -rf />', 'a "b" && rm -rf /']]);
  });

  it('applies overrides as YAML and refuses those of unknown parameters', () => {
    write('params.yaml', 'model: { depth: 3, name: small }');
    const lines = ['steps:', '  one:', '    run: echo ${model.depth}'];
    assert.deepEqual(read(lines, { 'model.depth': '7' }).definition?.params, {
      model: { depth: 7, name: 'small' },
    });
    assert.match(read(lines, { 'model.dept': '7' }).problems[0]?.remedy ?? '', /“model.depth”/);
    assert.match(read(lines, { model: '7' }).problems[0]?.message ?? '', /group/);
    assert.match(read(lines, { '__proto__.x': '7' }).problems[0]?.message ?? '', /no parameter/);
  });

  it('names the line of broken YAML', () => {
    assertProblem(['steps:', '  one:', '    run: "echo'], '3:15', /error/);
    assertProblem(['name: a', 'name: b', 'steps: { one: { run: ls } }'], '2:1', /is there twice/);
  });

  it('lets steps share keys by YAML anchors', () => {
    const { definition } = read([
      'steps:',
      '  a: &common { run: ls, env: { LEVEL: 1 } }',
      '  b: { <<: *common, after: [a] }',
    ]);
    assert.deepEqual(definition?.steps[1]?.env, { LEVEL: '1' });
  });

  it('refuses aliases that multiply', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level++) {
      const before = String.fromCharCode(96 + level);
      const name = String.fromCharCode(97 + level);
      lines.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`);
    }
    assertProblem(lines, '1:1', /more than 500000 values/);
  });

  it('suggests the key that was meant', () => {
    assertProblem(['steps:', '  one:', '    run: ls', '    dep: [x]'], '4:5', /unknown key “dep”.*“deps”/);
    assertProblem(['steps:', '  one:', '    cmd: ls'], '3:5', /unknown key “cmd”.*“run”/);
    assertProblem(['env: { pyton: x }', 'steps: { one: { run: ls } }'], '1:8', /“python”/);
    assert.match(problems('stages:', '  one: { run: ls }').join(), /Write “steps”/);
  });

  it('says what kind of value is right', () => {
    assertProblem(['steps:', '  one:', '    run: 3'], '3:10', /“steps.one.run” must be text/);
    assertProblem(['steps: []'], '1:8', /“steps” must be a mapping/);
    assertProblem(
      ['steps:', '  one:', '    run: ls', '    promote: { model: m, to: staging }'],
      '4:30',
      /must be one of None, Staging/,
    );
    assertProblem(['steps:', '  a/b: { run: ls }'], '2:3', /“a\/b” is not a fitting name/);
  });

  it('warns of keys that have no effect yet, and still runs', () => {
    const { definition, problems: found } = read(['steps:', '  one:', '    run: ls', '    tune: {}']);
    assert.deepEqual(
      found.map(problem => [problem.line, problem.severity, problem.message]),
      [[4, 'warning', '“tune” is not supported yet']],
    );
    assert.ok(definition);
  });

  it('reports what is wrong with rules for models, and where they do not count', () => {
    const steps = 'steps: { one: { run: ls } }';
    assert.deepEqual(problems(steps, 'registry: { Production: { approval: true, archive: true } }'), []);
    const rules = (...lines: string[]) => [steps, 'registry:', ...lines];
    assertProblem(rules('  Staging: { gates: [rmspe <] }'), '3:22', /the gate cannot be read/);
    assertProblem(rules('  Staging: { gate: x }'), '3:14', /unknown key “gate”.*Did you mean “gates”/);
    assertProblem(rules('  Staging: { max_size: big }'), '3:24', /“big” is not an amount/);
    assertProblem(rules('  Production: { approval: { count: 0 } }'), '3:36', /count” must be at least 1/);
    assertProblem(
      rules('  Production: { approval: { except: [boss] } }'),
      '3:38',
      /trainer, registrar, requester/,
    );
    assertProblem(
      rules('  aliases: { Staging: a, Production: a }'),
      '3:12',
      /both stages have the same alias/,
    );
    const nested = path.join(workspace, 'below', 'modelthat.yaml');
    const text = `${steps}\nregistry: { enforce: true }`;
    const [problem] = readDefinition({ file: nested, workspace, text }).problems;
    assert.deepEqual([problem?.severity, problem?.line], ['error', 2]);
    assert.match(problem?.message ?? '', /counts in the pipeline file at the workspace’s root alone/);
  });

  it('reads how long a step may take and how often it is tried, parameters filled in', () => {
    write('params.yaml', 'tries: 2', 'limit: 90');
    const { definition, problems: found } = read([
      'steps:',
      '  one: { run: ls, timeout: "${limit}s", retries: "${tries}" }',
      '  two: { run: ls, timeout: 1.5h, retries: { times: 3, wait: 5s, backoff: 3, max_wait: 10m } }',
      '  three: { run: ls }',
    ]);
    assert.deepEqual(found, []);
    assert.deepEqual(
      definition?.steps.map(({ timeout, retries }) => [timeout, retries]),
      [
        [90_000, { times: 2, wait: 1_000, backoff: 2, maxWait: 300_000 }],
        [5_400_000, { times: 3, wait: 5_000, backoff: 3, maxWait: 600_000 }],
        [undefined, undefined],
      ],
    );
  });

  it('refuses a time or a number of attempts that is none', () => {
    const one = (line: string) => ['steps:', '  one:', '    run: ls', `    ${line}`];
    assertProblem(one('timeout: soon'), '4:14', /“soon” is not a duration \| Write it like 90s/);
    assertProblem(one('timeout: 0'), '4:14', /would end every attempt/);
    assertProblem(one('timeout: 25d'), '4:14', /too long \| Write at most 24d/);
    assertProblem(one('timeout: [1]'), '4:14', /must be a duration such as/);
    assertProblem(one('timeout: "${limit}"'), '4:14', /no parameter “limit”/);
    assertProblem(one('retries: -1'), '4:14', /whole number from 0 to 100/);
    assertProblem(one('retries: { times: 2, wait: long }'), '4:32', /“long” is not a duration/);
    assertProblem(one('retries: { times: 2, backoff: 0.5 }'), '4:35', /from 1 to 100/);
    assertProblem(one('retries: { wait: 1s }'), '4:14', /“steps.one.retries.times” is missing/);
    assertProblem(one('when: "${limit} > 1"'), '4:11', /no parameter “limit”/);
    assertProblem(one('when: 1 >'), '4:11', /a value is missing at the end/);
    assertProblem(one('mutex: { gpu: 1 }'), '4:12', /must be text or a list of texts/);
    const approval = ['steps:', '  one:', '    approval: Production', '    timeout: 5s'];
    assertProblem(approval, '4:5', /“timeout” is for steps with “run”/);
  });

  it('names a cycle', () => {
    assertProblem(
      [
        'steps:',
        '  a: { run: ls, after: b }',
        '  b: { run: ls, deps: [c.txt] }',
        '  c: { run: ls, after: [a], outs: [c.txt] }',
      ],
      '2:3',
      /a → b → c → a/,
    );
  });

  it('finds a dependency that nobody makes', () => {
    const lines = [
      'steps:',
      '  a: { run: ls, outs: [data/x.csv] }',
      '  b:',
      '    run: ls',
      '    deps:',
      '      - data/y.csv',
    ];
    assertProblem(lines, '6:9', /data\/y.csv” does not exist, and no step makes it.*data\/x.csv/);
    write('data/y.csv', '');
    assert.deepEqual(problems(...lines), []);
  });

  it('finds two steps that write one place', () => {
    assertProblem(
      ['steps:', '  a: { run: ls, outs: [out] }', '  b: { run: ls, outs: [out/part] }'],
      '3:24',
      /“a” and “b” both write “out\/part” and “out”, one inside the other/,
    );
  });

  it('refuses what lies outside the workspace', () => {
    assertProblem(['steps:', '  a: { run: ls, outs: [../x] }'], '2:24', /outside the workspace/);
  });

  it('finds unknown steps and parameters', () => {
    write('params.yaml', 'learning_rate: 0.1');
    assertProblem(
      ['steps:', '  prepare: { run: ls }', '  b: { run: ls, after: [prepaer] }'],
      '3:25',
      /“prepare”/,
    );
    assertProblem(
      ['steps:', '  a:', '    run: echo ${learning_rat}'],
      '3:10',
      /no parameter.*“learning_rate”/,
    );
    assertProblem(['steps:', '  a:', '    run: ls', '    params: [rate]'], '4:14', /no parameter “rate”/);
    assertProblem(['steps:', '  a:', '    run: echo ${a b}'], '3:10', /not a parameter name/);
  });

  for (const command of [
    'a && b',
    'a | b',
    'a > b',
    'a; b',
    'echo $HOME',
    'echo $(date)',
    'ls *.csv',
    'echo `date`',
    'echo "x',
  ]) {
    it(`refuses the shell command ${command}`, () => {
      assertProblem(
        ['steps:', '  a:', `    run: '${command}'`],
        '3:10',
        /needs a shell.*list.*script|not closed/,
      );
    });
  }

  it('refuses a gate that cannot be read', () => {
    assertProblem(['steps:', '  a:', '    run: ls', '    gates: [rmspe 0.1]'], '4:13', /comparison.*missing/);
  });

  it('reads a text of nothing but opening braces at once', () => {
    const braces = '${'.repeat(400_000);
    assertProblem(['steps:', '  a:', '    run: ls', `    gates: ['${braces}']`], '4:13', /cannot be read/);
    assertProblem(['steps:', '  a:', `    run: '${braces}'`], '3:10', /“\$\{” needs a shell/);
    assertProblem(['steps:', '  a:', '    run: echo ${lr'], '3:10', /“\$\{” needs a shell/);
  });

  it('places problems of the parameters in their own file', () => {
    write('params.yaml', 'a: 1', 'b: [');
    const [problem] = read(['steps: { a: { run: ls } }']).problems;
    assert.equal(problem?.file, path.join(workspace, 'params.yaml'));
    assert.equal(problem?.line, 2);
  });

  it('reports a missing definition and a missing requirements file', () => {
    const result = readDefinition({ file, workspace });
    assert.match(result.problems[0]?.message ?? '', /cannot be read/);
    assertProblem(
      ['env: { python: requirements.txt }', 'steps: { a: { run: ls } }'],
      '1:16',
      /requirements.txt” does not exist/,
    );
  });

  it('takes keys that every object answers to for what they are: unknown', () => {
    assertProblem(['constructor: 5', 'steps: { a: { run: x } }'], '1:1', /unknown key “constructor”/);
    assertProblem(['steps:', '  a: { run: x, toString: 1 }'], '2:16', /unknown key “toString”/);
  });

  it('says what a file that holds a mere value must be', () => {
    assertProblem(['just text'], '1:1', /the file must be a mapping/);
  });

  it('does not also report the parameters that a broken file would have had', () => {
    write('params.yaml', 'lr: [');
    const found = read(['steps: { a: { run: "x ${lr}" } }'], { lr: '1' }).problems;
    assert.deepEqual(
      found.map(problem => path.basename(problem.file)),
      ['params.yaml'],
    );
  });
});
