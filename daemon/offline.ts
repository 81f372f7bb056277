/**
 * Works while no daemon does: `offline.ts check | verify | audit | restore --store DIR [--backup DIR] [--force]`, or
 * `offline.ts python --workspace DIR`. Tells its starter over IPC what it is at and what came out (`OfflineMessage`).
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openArtifactStore } from './artifacts/open-store.ts';
import { AuditAnchor } from './audit/anchor.ts';
import { readNotes } from './audit/notes.ts';
import { verifyAuditLog } from './audit/verify.ts';
import { openPlace } from './client/store.ts';
import type { AuditVerification } from './contract/audit.ts';
import { ApiError, invalid, missing } from './contract/errors.ts';
import type { OfflineMessage, PythonFound, StoreResult, Verification } from './contract/housekeeping.ts';
import { openUnserved } from './database/unserved.ts';
import { findInstaller } from './environments/command.ts';
import { findInterpreter } from './environments/interpreter.ts';
import { restore } from './housekeeping/restore.ts';
import type { Work } from './housekeeping/task.ts';
import { NOTHING_READ, verifyStore } from './housekeeping/verify.ts';
import { lockStore } from './life/lock.ts';

const tell = (message: OfflineMessage) => process.send?.(message);
const controller = new AbortController();
const work: Work = { progress: progress => tell({ progress }), signal: controller.signal };

try {
  tell({ result: await perform() });
} catch (error) {
  const told =
    error instanceof ApiError
      ? error
      : new ApiError('INTERNAL_ERROR', (error as Error).message ?? String(error));
  tell({ error: told.toBody() });
}
process.disconnect?.();

async function perform(): Promise<StoreResult | PythonFound | AuditVerification> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      store: { type: 'string' },
      workspace: { type: 'string' },
      backup: { type: 'string' },
      force: { type: 'boolean', default: false },
    },
  });
  const { store = '', workspace = '', backup = '', force } = values;
  switch (positionals[0]) {
    case 'restore':
      return { kind: 'restore', restored: await restore({ backup, store, force }, work) };
    case 'verify':
      return { kind: 'verify', verification: await verify(store, true) };
    case 'check':
      return { kind: 'verify', verification: await verify(store, false) };
    case 'audit':
      return verifyAudit(store);
    case 'python':
      return findPython(workspace);
    default:
      throw invalid(`'${positionals[0]}' is nothing that can be done offline`);
  }
}

/** As an execution of a pipeline would. */
async function findPython(workspace: string): Promise<PythonFound> {
  const uv = findInstaller('uv');
  const chosen = process.env.MODELTHAT_PYTHON;
  const { executable, version } = await findInterpreter({ chosen, workspace, needsVenv: uv === undefined });
  return { kind: 'python', executable, version: version.join('.'), maker: uv ?? 'venv and pip' };
}

async function verifyAudit(folder: string): Promise<AuditVerification> {
  const { place, file, lock } = lockUnserved(folder);
  try {
    const database = openUnserved(file);
    try {
      return await verifyAuditLog(database, new AuditAnchor(place.state), await readNotes(place));
    } finally {
      database.close();
    }
  } finally {
    lock.release();
  }
}

/** @throws ApiError when there is no store, or a daemon serves it */
function lockUnserved(folder: string) {
  const file = path.join(folder, 'modelthat.db');
  if (!fs.existsSync(file)) throw missing(`There is no store at ${folder}.`);
  const place = openPlace(folder);
  const lock = lockStore(place);
  if (!lock)
    throw new ApiError('RESOURCE_CONFLICT', `The store ${place.store} is served by a daemon: ask that one.`);
  return { place, file, lock };
}

/** @param artifacts whether to read these, too, and not the database alone */
async function verify(folder: string, artifacts: boolean): Promise<Verification> {
  const { place, file, lock } = lockUnserved(folder);
  try {
    const database = openUnserved(file);
    try {
      if (!artifacts) {
        const { problems, skipped } = await database.survey('housekeeping.checkDatabase', {});
        return { ...NOTHING_READ, database: problems, skipped };
      }
      const files = await openArtifactStore(place);
      return await verifyStore({ database, files }, work);
    } finally {
      database.close();
    }
  } catch (error) {
    // Damaged in such a way that it cannot even be opened.
    if (!/^SQLITE_(NOTADB|CORRUPT|ERROR)/.test((error as { code?: string }).code ?? '')) throw error;
    const skipped = ['artifacts: the database, which has their hashes, is damaged'];
    return { ...NOTHING_READ, database: [(error as Error).message], skipped };
  } finally {
    lock.release();
  }
}
