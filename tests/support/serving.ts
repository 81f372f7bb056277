/** A serving service over models in a temporary folder, without a registry: for tests of what happens below it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { missing } from '../../daemon/contract/errors.ts';
import { EventBus } from '../../daemon/events/bus.ts';
import type { ServableVersion, Target } from '../../daemon/serving/model.ts';
import { type ServingParts, ServingService } from '../../daemon/serving/service.ts';

/** The service, and the models it knows. */
export interface ServingFixture {
  readonly service: ServingService;
  /** The temporary folder; it holds `canary.bin` beside the models, which no model may read. */
  readonly root: string;
  /** Adds a version of the model `name`: its files by their names. Its stage is Production unless another is given. */
  add(
    name: string,
    files: Record<string, string | Uint8Array>,
    stage?: ServableVersion['stage'],
  ): ServableVersion;
  /** Sends a request. @returns status and parsed answer */
  predict(name: string, body: unknown, target?: Target): Promise<{ status: number; body: unknown }>;
  close(): Promise<void>;
}

/** Makes one; `parts` replaces what it is built from. */
export function servingFixture(parts: Partial<ServingParts> = {}): ServingFixture {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-serving-')));
  const versions: ServableVersion[] = [];
  const service = new ServingService({
    models: {
      names: async () => [...new Set(versions.map(version => version.name))],
      resolve: async (name, target) => {
        const found = versions.findLast(
          version =>
            version.name === name &&
            ('version' in target ? version.version === target.version : version.stage === target.stage),
        );
        if (!found) throw missing(`no such version of ${name}`);
        return found;
      },
    },
    findPython: () => Promise.reject(new Error('no Python in this test')),
    bus: new EventBus(),
    logs: path.join(root, 'logs'),
    scratch: path.join(root, 'scratch'),
    ...parts,
  });

  return {
    service,
    root,
    add(name, files, stage = 'Production') {
      const version = versions.filter(each => each.name === name).length + 1;
      const folder = path.join(root, 'models', name, String(version));
      for (const [file, content] of Object.entries(files)) {
        fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
        fs.writeFileSync(path.join(folder, file), content);
      }
      const added: ServableVersion = { name, version, stage, folder, environment: null, release: null };
      versions.push(added);
      return added;
    },
    async predict(name, body, target = { stage: 'Production' }) {
      const answer = await service.predict(
        name,
        target,
        'application/json',
        Buffer.from(JSON.stringify(body)),
        true,
      );
      return { status: answer.status, body: JSON.parse(answer.body.toString()) };
    },
    async close() {
      await service.close();
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}
