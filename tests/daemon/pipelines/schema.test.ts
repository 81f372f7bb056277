// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of pipelines have templates
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import { modelthat } from '../../support/cli.ts';
import { testPlace } from '../../support/daemon.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
}

describe('the JSON Schema of pipeline files', () => {
  const schema: Schema = JSON.parse(
    fs.readFileSync(path.join(ROOT, 'schemas/modelthat.schema.json'), 'utf8'),
  );
  let validate: ValidateFunction;
  before(() => {
    validate = new Ajv({ strict: true, allowUnionTypes: true, keywords: ['refersTo', 'planned'] }).compile(
      schema,
    );
  });

  const good: [title: string, text: string][] = [
    ['the example’s', fs.readFileSync(path.join(ROOT, 'examples/store-sales/modelthat.yaml'), 'utf8')],
    ['one command', 'steps: { a: { run: echo } }'],
    ['several commands', 'steps: { a: { run: [echo a, echo b] } }'],
    ['parameters in the file', 'params: { lr: 0.1, deep: { er: [1] } }\nsteps: { a: { run: "echo ${lr}" } }'],
    ['an approval', 'steps: { a: { run: x }, b: { after: a, approval: Production } }'],
    [
      'retries in both forms',
      'steps: { a: { run: x, retries: 3 }, b: { run: x, retries: { times: 3, wait: 5s } } }',
    ],
    ['gates and a promotion', 'steps: { a: { gates: [rmspe < 1], promote: { model: m, to: Staging } } }'],
    ['a name with other letters', 'steps: { größe: { run: x } }'],
  ];
  for (const [title, text] of good) {
    it(`takes ${title}`, () => {
      assert.ok(validate(parse(text)), JSON.stringify(validate.errors));
    });
  }

  const bad: [title: string, text: string, place: string][] = [
    ['no steps', 'name: x', ''],
    ['an unknown key', 'steps: { a: { runn: x } }', '/steps/a'],
    ['an unknown stage', 'steps: { a: { promote: { model: m, to: Live } } }', '/steps/a/promote/to'],
    ['a name with a space', 'steps: { "a b": { run: x } }', '/steps'],
    ['a promotion of nothing', 'steps: { a: { promote: { to: Staging } } }', '/steps/a/promote'],
    ['a command that is no text', 'steps: { a: { run: 3 } }', '/steps/a/run'],
    ['an unknown goal', 'metrics: { rmspe: least }\nsteps: { a: { run: x } }', '/metrics/rmspe'],
    ['an empty path', 'steps: { a: { run: x, deps: [""] } }', '/steps/a/deps'],
  ];
  for (const [title, text, place] of bad) {
    it(`refuses ${title}`, () => {
      assert.equal(validate(parse(text)), false);
      assert.ok(
        validate.errors?.some(({ instancePath }) => instancePath === place),
        JSON.stringify(validate.errors),
      );
    });
  }

  it('describes every key', () => {
    const silent = (within: Schema, at: string): string[] =>
      Object.entries(within.properties ?? {})
        .flatMap(([key, member]) => [
          ...(member.description ? [] : [`${at}${key}`]),
          ...silent(member, `${at}${key}.`),
        ])
        .concat(
          (within.anyOf ?? []).flatMap(form => silent(form, at)),
          typeof within.additionalProperties === 'object'
            ? silent(within.additionalProperties, `${at}*.`)
            : [],
        );
    assert.deepEqual(silent(schema, ''), []);
  });

  it('is printed by the command line', async () => {
    const place = testPlace();
    const { stdout, exitCode } = await modelthat(place, 'schema');
    place.remove();
    assert.equal(exitCode, 0);
    assert.deepEqual(JSON.parse(stdout), schema);
  });
});
