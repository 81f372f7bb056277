/** What could have made a difference, in order: the first that is not the same is the likely cause. */
import path from 'node:path';
import type { Host } from '../contract/pipelines.ts';
import type { CauseCheck, Comparison } from '../contract/reproductions.ts';
import { isSeed } from '../contract/seeds.ts';
import type { Wanted } from '../pipelines/cache/gather.ts';
import type { Step } from '../pipelines/definition/model.ts';
import type { KeptExecution, StepRecord } from '../pipelines/model.ts';
import type { Move } from './move.ts';

/** Both times, and what was looked up of them. */
export interface Times {
  readonly before: KeptExecution;
  readonly now: KeptExecution;
  readonly move: Move;
  /** The data that none of the steps makes. */
  readonly data: readonly Wanted[];
  /** Locks of the environments; undefined where there is none. */
  readonly locks: { readonly before: string | undefined; readonly now: string | undefined };
}

/** How many names a message has. */
const NAMED = 3;

/** Goes through all possible causes of the first difference. */
export function findCauses(times: Times, first: Comparison): CauseCheck[] {
  return [
    dataCheck(times),
    codeCheck(times),
    packagesCheck(times),
    interpreterCheck(times),
    machineCheck(times),
    seedCheck(times, first),
  ];
}

/** The likely cause: the first that is not the same. */
export function likelyCause(checks: readonly CauseCheck[]): CauseCheck | undefined {
  return checks.find(check => check.same === false);
}

function dataCheck({ now, move, data }: Times): CauseCheck {
  const digests = new Map(
    now.steps.flatMap(({ inputs }) =>
      Object.entries(inputs?.deps ?? {}).map(([name, digest]): [string, string | null] => [
        move.back(path.resolve(now.execution.definition.folder, ...name.split('/'))),
        digest,
      ]),
    ),
  );
  const changed = data.filter(({ source, digest }) => digests.has(source) && digests.get(source) !== digest);
  return changed.length === 0
    ? same('data', 'the data that the steps say they read was the same')
    : other('data', `other data was read: ${names(changed.map(({ source }) => source))}`);
}

function codeCheck({ before, now, move }: Times): CauseCheck {
  const codeOf = (kept: KeptExecution, back: (place: string) => string) =>
    new Map(
      kept.steps.flatMap(({ name, inputs }) =>
        Object.entries(inputs?.code ?? {}).map(([file, digest]): [string, string | null] => [
          `${name} ${back(path.resolve(kept.execution.definition.folder, ...file.split('/')))}`,
          digest,
        ]),
      ),
    );
  const then = codeOf(before, place => place);
  const today = codeOf(now, place => move.back(place));
  const repeated = new Set(now.steps.map(step => step.name));
  const changed = [...then]
    .filter(([name]) => repeated.has(name.slice(0, name.indexOf(' '))))
    .filter(([name, digest]) => today.get(name) !== digest)
    .map(([name]) => name.slice(name.indexOf(' ') + 1));
  if (changed.length > 0)
    return other('code', `the code is not what it was: ${names([...new Set(changed)])}`);
  const remarks = before.execution.code?.remarks ?? [];
  if (remarks.length > 0) return unknown('code', `not all of the code was recorded: ${remarks.join('; ')}`);
  return same('code', 'the code that was recorded was the same');
}

function packagesCheck({ before, now, locks }: Times): CauseCheck {
  const [first, second] = [before.execution.environment, now.execution.environment];
  if (!first)
    return unknown('packages', 'the pipeline has no environment of its own: its packages are not known');
  if (first.hash === second?.hash) return same('packages', 'the packages were the same');
  if (locks.before === undefined || locks.now === undefined)
    return unknown('packages', 'the lock of the environment is gone');
  const [then, today] = [linesOf(locks.before), linesOf(locks.now)];
  const changed = [...new Set([...then, ...today])].filter(line => !(then.has(line) && today.has(line)));
  if (changed.length === 0) return same('packages', 'the packages were the same');
  return other('packages', `the packages are not the same: ${names(changed)}`);
}

function linesOf(lock: string): Set<string> {
  return new Set(lock.split('\n').filter(line => line.trim() !== ''));
}

function interpreterCheck({ before, now }: Times): CauseCheck {
  const [first, second] = [before.execution.host?.python, now.execution.host?.python];
  if (!first || !second) return unknown('interpreter', 'it was not recorded which Python ran');
  if (first === second) return same('interpreter', `${first} ran it both times`);
  return other('interpreter', `${first} ran it first, ${second} now`);
}

function machineCheck({ before, now }: Times): CauseCheck {
  const [first, second] = [before.execution.host, now.execution.host];
  if (!first || !second) return unknown('machine', 'the machine that ran it first was not recorded');
  const changed = [
    ...changeOf('processor', first.cpu, second.cpu),
    ...changeOf('cores', first.cores, second.cores),
    ...changeOf('OMP_NUM_THREADS', first.threads, second.threads),
    ...changeOf('system', systemOf(first), systemOf(second)),
  ];
  if (changed.length > 0) return other('machine', changed.join('; '));
  return same('machine', `${first.cpu || 'the same processor'} with ${first.cores} cores ran it both times`);
}

function systemOf({ platform, arch }: Host): string {
  return `${platform} ${arch}`;
}

function changeOf(what: string, before: string | number | null, now: string | number | null): string[] {
  return before === now ? [] : [`${what}: ${before ?? 'not set'} first, ${now ?? 'not set'} now`];
}

/** Something is always random where all else is the same; this names what could be set. */
function seedCheck({ before }: Times, first: Comparison): CauseCheck {
  const step = before.execution.definition.steps.find(each => each.name === first.step);
  const record = before.steps.find(each => each.name === first.step);
  const found = seedsOf(step, record);
  const known =
    found.length > 0 ? ` It has ${names(found)}.` : ' It has no parameter or variable of that kind.';
  return other(
    'seed',
    `missing seed: something in step “${first.step}” is drawn by chance, or depends on the time or on the order in which ` +
      `threads end.${known}`,
  );
}

function seedsOf(step: Step | undefined, record: StepRecord | undefined): string[] {
  const params = Object.keys(record?.inputs?.params ?? {}).filter(isSeed);
  const variables = Object.keys(step?.env ?? {}).filter(name => isSeed(name) || name === 'PYTHONHASHSEED');
  return [...params, ...variables];
}

function names(all: readonly string[]): string {
  const rest = all.length - NAMED;
  return all.slice(0, NAMED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function same(kind: CauseCheck['kind'], message: string): CauseCheck {
  return { kind, same: true, message };
}

function other(kind: CauseCheck['kind'], message: string): CauseCheck {
  return { kind, same: false, message };
}

function unknown(kind: CauseCheck['kind'], message: string): CauseCheck {
  return { kind, same: null, message };
}
