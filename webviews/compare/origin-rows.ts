/** What runs were made from, in rows: code, environment, packages and data. */
import type { RunOrigin } from '../../daemon/contract/origins.ts';
import type { Run } from '../../daemon/contract/runs.ts';

/** A fact of all runs, in their order. */
export interface OriginRow {
  readonly key: string;
  /** Empty where it is not known, or not there. */
  readonly values: readonly string[];
  /** Whether it is the same for all of them. */
  readonly same: boolean;
}

export interface OriginPart {
  readonly title: string;
  readonly rows: readonly OriginRow[];
}

/** Digits of a digest or commit that tell it from others. */
const TOLD_DIGITS = 10;

type Facts = Readonly<Record<string, string>>;

/** @param origins of the runs, by id */
export function originParts(runs: readonly Run[], origins: ReadonlyMap<string, RunOrigin>): OriginPart[] {
  const part = (title: string, factsOf: (origin: RunOrigin | undefined, run: Run) => Facts): OriginPart => ({
    title,
    rows: rowsOf(runs.map(run => factsOf(origins.get(run.id), run))),
  });
  return [
    part('Code', origin => codeFacts(origin)),
    part('Files of code', origin => digestFacts(origin?.files ?? {})),
    part('Data', dataFacts),
    part('Environment', origin => environmentFacts(origin)),
    part('Packages', origin => packageFacts(origin?.packages ?? [])),
  ].filter(({ rows }) => rows.length > 0);
}

function codeFacts(origin: RunOrigin | undefined): Facts {
  const { code, source } = origin ?? {};
  return filled({
    Source: source ?? '',
    Commit: code?.commit?.slice(0, TOLD_DIGITS) ?? '',
    Branch: code?.branch ?? '',
    Repository: code?.repository ?? '',
    'Uncommitted changes': !code?.commit
      ? ''
      : code.dirty === null
        ? 'not recorded'
        : code.dirty
          ? 'yes'
          : 'no',
    Archive: code?.archive?.slice(0, TOLD_DIGITS) ?? '',
  });
}

/** What steps read, and the data sets that the run logged. */
function dataFacts(origin: RunOrigin | undefined, { datasets }: Run): Facts {
  const logged = datasets.map(({ name, digest }) => [name, digest] as const);
  return digestFacts({ ...Object.fromEntries(logged), ...origin?.data });
}

function environmentFacts(origin: RunOrigin | undefined): Facts {
  const host = origin?.host;
  if (!host) return {};
  return filled({
    Python: host.python ?? '',
    System: `${host.platform} ${host.arch}`,
    Processor: host.cpu,
    Cores: String(host.cores),
    OMP_NUM_THREADS: host.threads ?? '',
  });
}

/** `numpy==2.1.0` is the package `numpy` of version `2.1.0`; other lines are what they are. */
function packageFacts(lines: readonly string[]): Facts {
  return Object.fromEntries(
    lines.map(line => {
      const [, name = line, version = ''] = /^([^\s=@<>!~]+)\s*(?:==|=|@)\s*(.+)$/.exec(line) ?? [];
      return [name, version || 'any'];
    }),
  );
}

function digestFacts(digests: Readonly<Record<string, string | null>>): Facts {
  return Object.fromEntries(
    Object.entries(digests).map(([path, digest]) => [path, digest?.slice(0, TOLD_DIGITS) ?? 'not there']),
  );
}

const filled = (facts: Facts): Facts =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== ''));

function rowsOf(facts: readonly Facts[]): OriginRow[] {
  const keys = [...new Set(facts.flatMap(each => Object.keys(each)))];
  return keys.map(key => {
    const values = facts.map(each => (Object.hasOwn(each, key) ? (each[key] ?? '') : ''));
    return { key, values, same: values.every(value => value === values[0]) };
  });
}
