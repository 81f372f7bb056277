/** Small stores that other trackers made, and what these said of them (`tests/fixtures/mlflow-stores`). */
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

const fixtures = path.resolve(import.meta.dirname, '../fixtures/mlflow-stores');

export type Pairs = Readonly<Record<string, string>>;

/** One point: timestamp, step, and the value as Python writes it. */
export type ExpectedPoint = readonly [timestamp: number, step: number, value: string];

export interface ExpectedRun {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly status: string;
  readonly lifecycle: string;
  readonly start: number;
  readonly end: number | null;
  readonly params: Pairs;
  readonly tags: Pairs;
  readonly metrics: Readonly<Record<string, readonly ExpectedPoint[]>>;
  /** Path -> size in bytes. */
  readonly artifacts: Readonly<Record<string, number>>;
  readonly datasets?: readonly (Readonly<Record<string, string | null>> & { readonly tags: Pairs })[];
  readonly outputs?: readonly (readonly [modelId: string, step: number])[];
}

export interface ExpectedExperiment {
  readonly name: string;
  readonly lifecycle: string;
  readonly created: number | null;
  readonly tags: Pairs;
  readonly runs: readonly ExpectedRun[];
  readonly loggedModels?: readonly {
    readonly id: string;
    readonly name: string;
    readonly type: string | null;
    readonly status: string;
    readonly run: string;
    readonly created: number;
    readonly params: Pairs;
    readonly tags: Pairs;
    readonly metrics: readonly (readonly [key: string, step: number, value: string, runId: string])[];
  }[];
}

export interface ExpectedModel {
  readonly name: string;
  readonly description: string;
  readonly created: number;
  readonly tags: Pairs;
  readonly aliases: Pairs;
  readonly versions: readonly {
    readonly version: string;
    readonly stage: string;
    readonly description: string;
    readonly created: number;
    readonly run: string;
    readonly tags: Pairs;
  }[];
}

/** What the tracker that made a store said of it. */
export interface Expected {
  readonly mlflow: string;
  readonly experiments: readonly ExpectedExperiment[];
  readonly models: readonly ExpectedModel[];
}

/** Puts a store on the disk. @returns what its tracker said of it */
export function unpackStore(name: string, folder: string): Expected {
  const packed = fs.readFileSync(path.join(fixtures, `${name}.json.gz`));
  const { expected, files } = JSON.parse(gunzipSync(packed).toString('utf8')) as {
    expected: Expected;
    files: Pairs;
  };
  for (const [file, content] of Object.entries(files)) {
    const place = path.join(folder, file);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.writeFileSync(place, Buffer.from(content, 'base64'));
  }
  return expected;
}
