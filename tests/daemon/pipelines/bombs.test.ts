import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readDefinition } from '../../../daemon/pipelines/definition/read.ts';

/** Nine of each level in the next one. */
function levels(first: string, next: (before: string) => string): string {
  const lines = [`a0: &a0 ${first}`];
  for (let level = 1; level < 12; level++) lines.push(`a${level}: &a${level} ${next(`*a${level - 1}`)}`);
  return lines.join('\n');
}

const nine = (item: string) => Array(9).fill(item).join(', ');
const chain = Array.from(
  { length: 20_000 },
  (_, index) => `- &c${index} [${index === 0 ? '' : `*c${index - 1}`}]`,
);

/** Small texts that mean a lot. */
const BOMBS: readonly (readonly [name: string, text: string, problem: RegExp])[] = [
  ['aliases of aliases', levels('[x]', before => `[${nine(before)}]`), /more than 500000 values/],
  ['merges of merges', levels('{ x: 1 }', before => `{ <<: [${nine(before)}] }`), /more than 500000 values/],
  [
    'single merges of merges',
    levels('{ x: 1 }', before => `{ ${nine(`<<: ${before}`)} }`),
    /more than|there twice/,
  ],
  [
    'an alias of what it lies in',
    'params: &a { b: *a }',
    /alias \*a stands for nothing, or for what it lies in/,
  ],
  ['a chain of aliases', chain.join('\n'), /more than 1000 anchors/],
  ['lists in lists', `a: ${'['.repeat(100_000)}${']'.repeat(100_000)}`, /levels deep/],
  ['lists in lists without an end', `a: ${'['.repeat(400_000)}`, /levels deep|syntax|flow/i],
  ['mappings in mappings', `${'{a: '.repeat(100_000)}1${'}'.repeat(100_000)}`, /levels deep/],
  [
    'ever deeper lines',
    Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    /levels deep/,
  ],
  ['the same key again and again', 'steps: {}\n'.repeat(20_000), /there twice/],
  ['a text that is too long', `a: "${'x'.repeat(2_000_000)}"`, /larger than 1000000 bytes/],
  [
    'many anchors',
    Array.from({ length: 40_000 }, (_, index) => `k${index}: &k${index} 1`).join('\n'),
    /more than 1000 anchors/,
  ],
];

describe('definitions that are bombs', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'modelthat-bombs-'));
  const file = path.join(folder, 'modelthat.yaml');
  const read = (text?: string) =>
    readDefinition({ file, workspace: folder, ...(text === undefined ? {} : { text }) });
  after(() => rmSync(folder, { recursive: true }));

  for (const [name, text, problem] of BOMBS) {
    it(`are refused: ${name}`, () => {
      const { definition, problems } = read(text);
      assert.equal(definition, null);
      assert.match(problems[0]?.message ?? '', problem);
    });
  }

  it('are refused as parameters, too', () => {
    writeFileSync(path.join(folder, 'params.yaml'), BOMBS[0]?.[1] ?? '');
    const { definition, problems } = read('steps: { a: { run: ls } }');
    assert.equal(definition, null);
    assert.equal(problems[0]?.file, path.join(folder, 'params.yaml'));
    rmSync(path.join(folder, 'params.yaml'));
  });

  it('are not even read when they are 50 MB long', () => {
    writeFileSync(file, '');
    truncateSync(file, 50_000_000);
    assert.match(read().problems[0]?.message ?? '', /larger than/);
  });
});

describe('definitions that are large', () => {
  it('are read: ten thousand steps in a row', () => {
    const steps = Array.from(
      { length: 10_000 },
      (_, index) =>
        `  s${index}: { run: ls, params: [], ${index === 0 ? '' : `deps: [o${index - 1}], `}outs: [o${index}] }`,
    );
    const { definition, problems } = readDefinition({
      file: '/nowhere/modelthat.yaml',
      workspace: '/nowhere',
      text: ['steps:', ...steps].join('\n'),
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(definition?.steps[9_999]?.needs, ['s9998']);
  });

  it('have a circle of ten thousand steps found', () => {
    const steps = Array.from(
      { length: 10_000 },
      (_, index) => `  s${index}: { run: ls, after: s${(index + 1) % 10_000} }`,
    );
    const { problems } = readDefinition({
      file: '/nowhere/modelthat.yaml',
      workspace: '/nowhere',
      text: ['steps:', ...steps].join('\n'),
    });
    assert.match(problems[0]?.message ?? '', /in a circle: s0 → s1 → /);
  });
});
