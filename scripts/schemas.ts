/**
 * Writes the JSON Schemas in schemas/ from the vocabularies of pipeline files. With `--check` it changes nothing and fails
 * when they differ.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { PipelineSource } from '../daemon/pipelines/definition/schema.ts';
import { DvcFileSource, ForeachSource, MatrixSource, StageSource } from '../daemon/pipelines/dvc/schema.ts';

const folder = path.resolve(import.meta.dirname, '../schemas');

/** No punctuation but `-` and `_`. */
const StageName = z.string().regex(/^[^!"#$%&'()*+,./:;<=>?@[\\\]^`{|}~]+$/);

const vocabularies = {
  'modelthat.schema.json': PipelineSource.meta({ title: 'modelthat.yaml' }),
  'dvc.schema.json': DvcFileSource.extend({
    stages: z
      .record(StageName, z.union([StageSource, MatrixSource, ForeachSource]))
      .optional()
      .meta({ description: DvcFileSource.shape.stages.meta()?.description }),
  }).meta({ title: 'dvc.yaml' }),
};

for (const [name, vocabulary] of Object.entries(vocabularies)) {
  const file = path.join(folder, name);
  const schema = z.toJSONSchema(vocabulary, {
    io: 'input',
    target: 'draft-07',
    // Left out of its own accord for what is transformed when it is read, as a text that becomes a list is.
    override: ({ zodSchema, jsonSchema }) => {
      const { examples } = z.globalRegistry.get(zodSchema) ?? {};
      if (Array.isArray(examples)) jsonSchema.examples = [...examples];
    },
  });
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  if (!process.argv.includes('--check')) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`schemas/${name} differs from the vocabulary; run \`node scripts/schemas.ts\`.`);
    process.exitCode = 1;
  }
}
