/** A bundle for a maintainer: checks, versions and logs, without secrets. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { keptSecrets } from '../client/connection.ts';
import type { StorePlace } from '../client/store.ts';
import { PRODUCT_VERSION } from '../client/version.ts';
import type { Check } from './checks.ts';

const LOG = /^(daemon\.log(\.\d+)?|start\.log)$/;

/**
 * Writes the bundle: gzipped JSON `{ madeAt, versions, checks, files: { name: text } }`, readable by its owner alone.
 *
 * @throws Error when the file is there already
 */
export function writeBundle(file: string, place: StorePlace, checks: readonly Check[]): void {
  const logs = fs.readdirSync(place.state).filter(name => LOG.test(name));
  const content = {
    madeAt: new Date().toISOString(),
    versions: {
      modelthat: PRODUCT_VERSION,
      node: process.versions.node,
      system: `${os.platform()} ${os.release()} ${os.arch()}`,
    },
    checks,
    files: Object.fromEntries(
      logs.map(name => [name, fs.readFileSync(path.join(place.state, name), 'utf8')]),
    ),
  };
  const text = withoutSecrets(JSON.stringify(content, null, 2), place);
  fs.writeFileSync(file, gzipSync(text), { mode: 0o600, flag: 'wx' });
}

/** Nothing secret is logged; should it happen all the same, it does not leave the machine. */
function withoutSecrets(text: string, { state }: StorePlace): string {
  const { owner, tracking, proof } = keptSecrets(state);
  return [owner, tracking, proof].reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
}
