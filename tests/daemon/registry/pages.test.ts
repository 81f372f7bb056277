import assert from 'node:assert/strict';
import type { ModelSummary, ModelVersion } from '../../../daemon/contract/models.ts';
import { openRegistry, type TestRegistry } from '../../support/registry.ts';

const MODELS = 5_000;
const VERSIONS = 10_000;

describe('a registry of many models and versions', () => {
  let test: TestRegistry;

  before(async () => {
    test = await openRegistry();
    const { database, registry } = test;
    await Promise.all(
      Array.from({ length: MODELS }, (_, index) =>
        registry.createModel({ name: nameOf(index), description: '', tags: {}, actor: ACTOR }),
      ),
    );
    const version = {
      ...{ name: nameOf(0), source: 's3://elsewhere/model', storageLocation: 's3://elsewhere/model' },
      ...{
        runId: null,
        modelId: null,
        runLink: '',
        description: '',
        tags: {},
        makeModel: false,
        actor: ACTOR,
      },
    };
    for (let made = 0; made < VERSIONS; made += 1_000)
      await Promise.all(
        Array.from({ length: 1_000 }, () => database.write('registry.createVersion', version)),
      );
    const move = { name: nameOf(0), archiveExisting: true, reason: '', actor: ACTOR };
    await test.stages.move({ ...move, version: 3, stage: 'Production' });
    await test.stages.move({ ...move, version: 4, stage: 'Production' });
    await test.stages.move({ ...move, version: 7, stage: 'Staging' });
  });
  after(() => test.close());

  const summaries = async (part: { limit: number; pageToken?: string | undefined; name?: string }) =>
    parse<ModelSummary>(await test.registry.listSummaries(part));
  const versions = async (part: { limit: number; pageToken?: string; stage?: 'Archived' | 'None' }) =>
    parse<ModelVersion>(await test.registry.listVersions({ name: nameOf(0), ...part }));

  it('gives models by name, each exactly once', async () => {
    const names: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await summaries({ limit: 200, pageToken });
      names.push(...page.items.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    assert.deepEqual(
      names,
      Array.from({ length: MODELS }, (_, index) => nameOf(index)),
    );
  });

  it('tells of a model how many versions each stage has, and which is the newest there', async () => {
    const { items } = await summaries({ limit: 1, name: nameOf(0) });
    assert.deepEqual(
      items[0]?.stages.map(({ stage, count, newest }) => [stage, count, newest]),
      [
        ['Archived', 1, 3],
        ['None', VERSIONS - 3, VERSIONS],
        ['Production', 1, 4],
        ['Staging', 1, 7],
      ],
    );
  });

  it('gives the versions of a model newest first, of one stage or of all', async () => {
    const first = await versions({ limit: 3 });
    assert.deepEqual(numbers(first), [VERSIONS, VERSIONS - 1, VERSIONS - 2]);
    assert.ok(first.nextPageToken);
    assert.deepEqual(numbers(await versions({ limit: 2, pageToken: first.nextPageToken })), [
      VERSIONS - 3,
      VERSIONS - 4,
    ]);
    assert.deepEqual(numbers(await versions({ limit: 3, stage: 'Archived' })), [3]);
    assert.ok(!numbers(await versions({ limit: 200, stage: 'None' })).includes(4));
  });

  it('says so when there is no such model', async () => {
    await assert.rejects(
      test.registry.listVersions({ name: 'nobody', limit: 1 }),
      /Registered Model with name=nobody not found/,
    );
    assert.deepEqual((await summaries({ limit: 1, name: 'nobody' })).items, []);
  });
});

const ACTOR = { subject: 'mia', role: 'owner', claimed: false, via: 'native' };

function nameOf(index: number): string {
  return `model-${String(index).padStart(5, '0')}`;
}

function parse<Item>(json: Uint8Array): { items: Item[]; nextPageToken?: string } {
  return JSON.parse(Buffer.from(json).toString('utf8'));
}

function numbers({ items }: { items: readonly ModelVersion[] }): number[] {
  return items.map(({ version }) => version);
}
