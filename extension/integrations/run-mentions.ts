/** Runs that a terminal's output names, apart from the editor. */

/** A run in a line of text. */
export interface RunMention {
  readonly runId: string;
  /** Where the text begins that stands for it, and how long it is. */
  readonly start: number;
  readonly length: number;
}

/** What MLflow's client prints of a run, and URIs of what is in it: any 32 digits alone may be anything. */
const MENTIONS = [
  /https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?\/#\/experiments\/\d+\/runs\/(?<id>[0-9a-f]{32})\b/g,
  /\bruns:\/(?<id>[0-9a-f]{32})\b/g,
  /\brun(?:_id)?\s*[:=]?\s*["']?(?<id>[0-9a-f]{32})\b/gi,
];

/** The runs that a line names, in their order. */
export function runsIn(line: string): RunMention[] {
  const found = MENTIONS.flatMap(pattern =>
    [...line.matchAll(pattern)].map(match => ({
      runId: match.groups?.id ?? '',
      start: match.index,
      length: match[0].length,
    })),
  );
  return found.toSorted((a, b) => a.start - b.start);
}
