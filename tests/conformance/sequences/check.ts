/** Many random sequences, and what they find. */
import fc from 'fast-check';
import { type Call, sequences } from './calls.ts';
import { type Finding, type Players, play, shorten } from './play.ts';

/** Calls of a sequence. */
export const SEQUENCE_LENGTH = 50;

/** To leave out what a finding does not need takes hundreds of calls: only the first ones are shortened. */
const SHORTENED = 1;

/** What came of all sequences. */
export interface Report {
  readonly seed: number;
  readonly sequences: number;
  /** Calls that were answered, of all sequences together. */
  readonly calls: number;
  /** Sequences that ended early, as an intended difference left the servers in different states. */
  readonly endedEarly: number;
  /** How often each intended difference showed. */
  readonly intended: ReadonlyMap<string, number>;
  /** Differences that are not intended, each with the calls that lead to it. */
  readonly findings: readonly Found[];
}

/** A difference that is not intended, with the calls that lead to it. */
export interface Found {
  readonly finding: Finding;
  readonly calls: readonly Call[];
}

/**
 * Plays random sequences to both servers.
 *
 * @param options.seed of the random calls; the same seed makes the same sequences
 * @param options.progress is told after each sequence how many were played
 * @param options.found is told of each difference that is not intended
 */
export async function checkSequences(
  players: Players,
  options: {
    readonly sequences: number;
    readonly seed: number;
    readonly progress?: (played: number, findings: number) => void;
    readonly found?: (found: Found) => void;
  },
): Promise<Report> {
  const { sequences: count, seed } = options;
  let names = 0;
  const newName = () => {
    names += 1;
    return `s${names}`;
  };
  const intended = new Map<string, number>();
  const findings: Found[] = [];
  const known = new Set<string>();
  let calls = 0;
  let endedEarly = 0;
  for (const [index, sequence] of fc.sample(sequences(SEQUENCE_LENGTH), { numRuns: count, seed }).entries()) {
    const outcome = await play(players, sequence, newName());
    calls += outcome.calls;
    for (const [id, times] of outcome.intended) intended.set(id, (intended.get(id) ?? 0) + times);
    const { finding } = outcome;
    if (!finding && outcome.calls < sequence.length) endedEarly += 1;
    if (finding && !known.has(kindOf(finding))) {
      known.add(kindOf(finding));
      const calls = sequence.slice(0, finding.place + 1);
      const found = {
        finding,
        calls: findings.length < SHORTENED ? await shorten(players, calls, finding, newName) : calls,
      };
      findings.push(found);
      options.found?.(found);
    }
    options.progress?.(index + 1, findings.length);
  }
  return { seed, sequences: count, calls, endedEarly, intended, findings };
}

/** The report for people to read. */
export function describeReport(report: Report): string {
  const lines = [
    `${report.sequences} sequences of ${SEQUENCE_LENGTH} calls, seed ${report.seed}: ${report.calls} calls answered by both, ` +
      `${report.endedEarly} sequences ended early by an intended difference, ${report.findings.length} kinds of other differences`,
    ...[...report.intended].map(([id, times]) => `  intended: ${id} ${times} times`),
  ];
  return [...lines, ...report.findings.map(describeFound)].join('\n');
}

/** A difference for people to read. */
export function describeFound({ finding, calls }: Found): string {
  return [
    finding.question,
    `  MLflow: ${JSON.stringify(finding.upstream)}`,
    `  daemon: ${JSON.stringify(finding.ours)}`,
    ...calls.map(call => `    ${call.method} ${call.path} ${JSON.stringify(call.fields)}`),
  ].join('\n');
}

/** Findings of one kind are told once: the same request, answered in the same ways. */
function kindOf({ question, upstream, ours }: Finding): string {
  const outcome = (answer: Finding['ours']) =>
    'error' in answer ? `${answer.error.status} ${answer.error.error_code}` : 'value';
  return `${question}: ${outcome(upstream)}, ${outcome(ours)}`;
}
