// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { checkPipeline, planExecution } from '../../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { log, run, step, write } from '../../support/pipelines.ts';

const COMPONENTS = path.resolve(import.meta.dirname, '../../fixtures/components');

describe('components', () => {
  let daemon: TestDaemon;
  const place = (name: string) => path.join(daemon.place.workspace, name);

  beforeEach(async () => {
    daemon = await startDaemon();
    cpSync(COMPONENTS, place('components'), { recursive: true });
    write(daemon, 'data/raw.csv', 'store;sales;open', '1;10;yes', '2;20;no');
  });
  afterEach(() => daemon.dispose());

  const using = (...more: string[]) => [
    'params: { columns: [store, sales] }',
    'steps:',
    '  load:',
    '    uses: components/csv-source',
    '    with:',
    '      file: data/raw.csv',
    '      table: data/table.json',
    '      separator: ";"',
    '      columns: ${columns}',
    ...more,
    '  show: { run: cat data/table.json, deps: [data/table.json] }',
  ];

  async function problems(lines: readonly string[]): Promise<string[]> {
    const file = write(daemon, 'modelthat.yaml', ...lines);
    const { problems } = await daemon.client.call(checkPipeline, { body: { file } });
    return problems.map(
      ({ file, line, column, message, remedy }) =>
        `${path.basename(file)}:${line}:${column} ${message} ${remedy}`,
    );
  }

  it('run in their folder with what the step gives them, and are swapped by one line', async () => {
    const execution = await run(daemon, using());
    assert.equal(execution.status, 'succeeded', await log(daemon, execution.id, 'load'));
    assert.deepEqual(JSON.parse(await log(daemon, execution.id, 'show')), [
      { store: '1', sales: '10' },
      { store: '2', sales: '20' },
    ]);
    const { steps } = await daemon.client.call(planExecution, { body: { file: place('modelthat.yaml') } });
    assert.deepEqual(
      steps.map(({ name, action, needs, command }) => [name, action, needs, command]),
      [
        [
          'load',
          'skip',
          [],
          'csv-source 1.2.0: python3 main.py ../../data/raw.csv ../../data/table.json --limit 1000',
        ],
        ['show', 'run', ['load'], 'cat data/table.json'],
      ],
    );
    const other = readFileSync(path.join(COMPONENTS, 'csv-source/component.yaml'), 'utf8');
    write(daemon, 'components/one-row/component.yaml', other.replace('limit: 1000', 'limit: 1'));
    cpSync(path.join(COMPONENTS, 'csv-source/main.py'), place('components/one-row/main.py'));
    const swapped = await run(
      daemon,
      using().map(line => line.replace('csv-source', 'one-row')),
    );
    assert.deepEqual(JSON.parse(await log(daemon, swapped.id, 'show')), [{ store: '1', sales: '10' }]);
  });

  it('run again when one of their files is edited', async () => {
    await run(daemon, using());
    assert.equal(step(await run(daemon, using()), 'load').reused, 'unchanged');
    write(daemon, 'components/csv-source/README.md', 'How it works');
    assert.equal(step(await run(daemon, using()), 'load').reused, null);
    assert.equal(step(await run(daemon, using(), { set: { columns: '[open]' } }), 'load').reused, null);
  });

  it('say where they are used what is wrong with that', async () => {
    const none = await problems(using().map(line => line.replace('csv-source', 'xml-source')));
    assert.match(
      none[0] ?? '',
      /^modelthat.yaml:4:11 there is no component in “components\/xml-source”.*component.yaml/,
    );
    assert.match(
      (await problems(using('      seperator: ","')))[0] ?? '',
      /^modelthat.yaml:10:7 “csv-source” takes no “seperator” .*“separator”/,
    );
    const missing = await problems(using().filter(line => !/file:|columns: \$/.test(line)));
    assert.match(
      missing[0] ?? '',
      /^modelthat.yaml:4:5 “csv-source” needs “file”, “columns” .*reads file, makes table/,
    );
    const kind = await problems(using('      limit: many'));
    assert.match(
      kind[0] ?? '',
      /^modelthat.yaml:10:14 “limit” is a text, and the component takes a number .*1000/,
    );
    const both = await problems(using('    run: echo', '    cwd: data', '    params: [columns]'));
    assert.deepEqual(
      both.map(problem => problem.split(' ', 1)[0]),
      ['modelthat.yaml:4:5', 'modelthat.yaml:11:5', 'modelthat.yaml:12:5'],
    );
    const outside = await problems(using().map(line => line.replace('data/table.json', '../table.json')));
    assert.match(outside[0] ?? '', /^modelthat.yaml:7:14 “..\/table.json” lies outside the workspace/);
  });

  it('say in their own file, and where they are used, what is wrong with them', async () => {
    const file = 'components/csv-source/component.yaml';
    const good = readFileSync(place(file), 'utf8').trimEnd();
    for (const [from, to, problem] of [
      [
        '${inputs.file}',
        '${inputs.flie}',
        /^component.yaml:12:6 there is no parameter “inputs.flie” .*“inputs.file”/,
      ],
      ['run: python3', 'rum: python3', /^component.yaml:12:1 unknown key “rum” .*“run”/],
      ['  limit: 1000', '  table: 1', /^component.yaml:1:1 “table” is there twice/],
      ['version: 1.2.0', 'version: [', /^component.yaml:/],
    ] as const) {
      write(daemon, file, good.replace(from, to));
      const found = await problems(using());
      assert.ok(
        found.some(each => problem.test(each)),
        found.join('\n'),
      );
      assert.match(
        found[0] ?? '',
        /^modelthat.yaml:4:11 the component cannot be used: csv-source\/component.yaml:/,
      );
    }
    rmSync(place(file));
  });
});
