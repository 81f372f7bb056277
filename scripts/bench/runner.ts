/** Measures scenarios one after the other; one that fails, or takes too long, stops none of the others. */
import os from 'node:os';
import sqlite from 'better-sqlite3/package.json' with { type: 'json' };
import { DVC_VERSION } from './dvc.ts';
import { thisMachine } from './machine.ts';
import { ensurePrograms, type Programs, SERVERS, type ServerName } from './programs.ts';
import type { ContestantName, Figure, Results } from './results.ts';
import { type Scenario, Session } from './scenario.ts';

/** A scenario is stopped when it takes so many times as long as it should. */
const PATIENCE = 3;
/** However small the sizes are, servers take their time to start. */
const LEAST_LIMIT_SECONDS = 400;

export interface RunOptions {
  readonly scenarios: readonly Scenario[];
  readonly quick: boolean;
  /** Only these servers; all when undefined. */
  readonly servers?: readonly ServerName[] | undefined;
  /** Told what is going on. */
  readonly say: (text: string) => void;
  /** Ends the measurement, with what there is. */
  readonly signal: AbortSignal;
  /** Called after each scenario with all there is so far. */
  readonly keep: (results: Results) => void;
}

/** @returns what could be measured; what could not is named in it */
export async function measure(options: RunOptions): Promise<Results> {
  const { scenarios, quick, say, signal } = options;
  const loadBefore = os.loadavg()[0] ?? 0;
  const wanted = scenarios.flatMap(({ contestants }) => contestants);
  const asked = options.servers ?? SERVERS;
  const programs = await ensurePrograms(new Set(asked.filter(name => wanted.includes(name))));
  const started = performance.now();
  const results: Results = {
    startedAt: new Date().toISOString(),
    seconds: 0,
    quick,
    machine: thisMachine(),
    loadBefore,
    versions: versionsOf(programs),
    absent: absentOf(programs, asked),
    figures: [],
    remarks: {},
    failures: {},
  };
  for (const scenario of scenarios) {
    if (signal.aborted) break;
    say(`${scenario.name}: ${scenario.about}`);
    const { figures, remarks, failure } = await measureOne(scenario, programs, options);
    results.figures.push(...figures);
    if (remarks.length > 0) results.remarks[scenario.name] = remarks;
    if (failure) {
      results.failures[scenario.name] = failure;
      say(`${scenario.name} was not finished: ${failure}`);
    }
    results.seconds = (performance.now() - started) / 1000;
    options.keep(results);
  }
  return results;
}

async function measureOne(
  scenario: Scenario,
  programs: Programs,
  { quick, say, signal }: RunOptions,
): Promise<{ figures: Figure[]; remarks: string[]; failure: string | undefined }> {
  const limit = new AbortController();
  const seconds = Math.max(LEAST_LIMIT_SECONDS, quick ? 0 : scenario.seconds * PATIENCE);
  const timer = setTimeout(() => limit.abort(new Error(`it took longer than ${seconds} s`)), seconds * 1000);
  const either = AbortSignal.any([limit.signal, signal]);
  const session = new Session(scenario, {
    programs,
    signal: either,
    say: text => say(`${scenario.name}: ${text}`),
  });
  let failure: string | undefined;
  const endServers = () => void session.endServers();
  either.addEventListener('abort', endServers);
  try {
    await scenario.measure(session, quick ? scenario.sizes.quick : scenario.sizes.full);
  } catch (error) {
    // Requests under way when the servers are ended fail with errors that say nothing.
    failure = messageOf(either.aborted ? either.reason : error);
  } finally {
    clearTimeout(timer);
    await session.close();
  }
  return { figures: session.figures.all, remarks: session.remarks, failure };
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function versionsOf(programs: Programs): Results['versions'] {
  const versions: Partial<Record<ContestantName, string>> = {
    'better-sqlite3': sqlite.version,
    'node -e 0': process.versions.node,
    DVC: DVC_VERSION,
  };
  for (const name of SERVERS) {
    const program = programs[name];
    if ('version' in program) versions[name] = program.version;
  }
  return versions;
}

function absentOf(programs: Programs, asked: readonly ServerName[]): Results['absent'] {
  const absent: Partial<Record<ContestantName, string>> = {};
  for (const name of asked) {
    const program = programs[name];
    if ('absent' in program && program.absent !== 'not asked for') absent[name] = program.absent;
  }
  return absent;
}
