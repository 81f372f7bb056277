// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of pipelines have templates
import assert from 'node:assert/strict';
import { nextTimes } from '../../../../extension/language/cron.ts';
import { hoverAt } from '../../../../extension/language/hover.ts';
import { PipelineText } from '../../../../extension/language/pipeline-text.ts';
import { symbolsOf } from '../../../../extension/language/symbols.ts';
import { YamlText } from '../../../../extension/language/yaml-text.ts';
import { TypedProject } from '../../../support/language.ts';

const PIPELINE = `name: sales
steps:
  features:
    desc: Makes the table.
    run: python -m sales.features
    deps: [data/raw.csv]
    outs: [data/features.parquet]
  train:
    run:
      - python -m sales.train --rate \${train.rate}
      - echo done
    after: [features]
    deps: [data/features.parquet]
    metrics: [reports/metrics.json]
`;
const FILES = { 'params.yaml': 'train:\n  rate: 0.1\n', 'data/raw.csv': 'a,b\n' };

async function hover(text: string, facts = {}): Promise<string | undefined> {
  assert.ok(PIPELINE.includes(text), text);
  const project = new TypedProject({ ...FILES, 'modelthat.yaml': PIPELINE.replace(text, `|${text}`) }, facts);
  const [files, file, offset] = project.cursor;
  return (await hoverAt(files, project.facts, file, offset))?.markdown;
}

describe('a hover', () => {
  it('explains a key', async () => {
    assert.match((await hover('after: [')) ?? '', /^Steps that must have succeeded first/);
  });

  it('shows a parameter’s value, where it is set and who uses it', async () => {
    assert.equal(
      await hover('rate}'),
      '```yaml\ntrain.rate: 0.1\n```\n\nSet in params\\.yaml, line 2; used by **train**.',
    );
  });

  it('shows what a step runs and makes, and how it went last', async () => {
    const results = new Map([['features', 'succeeded · 2 s']]);
    assert.equal(
      await hover('features]', { results }),
      'Step **features**\n\nMakes the table\\.\n\n```yaml\npython -m sales.features\n```\n\nmakes `data/features.parquet`\n\nLast: succeeded · 2 s',
    );
  });

  it('says that a step is not there', async () => {
    const project = new TypedProject({ 'modelthat.yaml': 'steps:\n  a:\n    after: |b\n' });
    const [files, file, offset] = project.cursor;
    assert.equal((await hoverAt(files, project.facts, file, offset))?.markdown, 'There is no step **b**.');
  });

  it('shows a file’s size and who reads it', async () => {
    assert.equal(await hover('data/raw'), '`data/raw.csv`: 4 B\n\nread by **features**');
  });

  it('shows who makes a file that is not there', async () => {
    assert.equal(
      await hover('data/features.parquet]\n    metrics'),
      '`data/features.parquet`: not there\n\nmade by **features**; read by **train**',
    );
  });

  it('has nothing to say of other text', async () => {
    assert.equal(await hover('sales\n'), undefined);
    assert.equal(await hover('echo done'), undefined);
  });

  it('shows a parameter in its own file', async () => {
    const project = new TypedProject({ 'params.yaml': 'train:\n  |rate: 0.1\n', 'modelthat.yaml': PIPELINE });
    const [files, file, offset] = project.cursor;
    assert.match(
      (await hoverAt(files, project.facts, file, offset))?.markdown ?? '',
      /used by \*\*train\*\*/,
    );
  });
});

describe('a schedule', () => {
  const now = new Date('2026-11-25T00:00:00Z');

  it('has its next times told in words, in its time zone', () => {
    assert.deepEqual(nextTimes('0 3 * * 1', 'Europe/Berlin', now, 2), [
      'Monday 30 November at 03:00',
      'Monday 7 December at 03:00',
    ]);
  });

  it('has none while it cannot be read', () => {
    assert.deepEqual(nextTimes('0 3 * *', undefined, now), []);
    assert.deepEqual(nextTimes('0 3 * * 1', 'Europe/Nowhere', now), []);
  });
});

describe('the outline', () => {
  it('has the keys of a file, and its steps with what they run', () => {
    const pipeline = PipelineText.read('/project/modelthat.yaml', new YamlText(PIPELINE));
    assert.ok(pipeline);
    const lines = symbolsOf(pipeline).flatMap(({ name, detail, children }) => [
      `${name} ${detail}`.trim(),
      ...children.map(child => `  ${child.name} ${child.detail}`),
    ]);
    assert.deepEqual(lines, [
      'name sales',
      'steps',
      '  features python -m sales.features',
      '  train python -m sales.train --rate ${train.rate}',
    ]);
  });

  it('is there while the file is being typed', () => {
    const pipeline = PipelineText.read('/project/modelthat.yaml', new YamlText('steps:\n  a:\n    run: ['));
    assert.deepEqual(pipeline && symbolsOf(pipeline)[0]?.children.map(({ name }) => name), ['a']);
  });
});
