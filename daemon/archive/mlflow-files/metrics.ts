/** Metric files: a line for each point, `timestamp value [step [data set, digest]]`. */
/** One point as a line tells it. */
interface Point {
  readonly timestamp: number;
  readonly value: number;
  readonly step: number;
  /** Only in the files of logged models. */
  readonly runId?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

const RUN_LINE = /^(-?\d+) (\S+)(?: (-?\d+)(?: (.+) (\S+))?)?$/;
const MODEL_LINE = /^(-?\d+) (\S+) (-?\d+) (\w+)(?: (.+) (\S+))?$/;

/** Python's ways to write a double. */
const DOUBLE = /^[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)$/i;
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  infinity: Infinity,
};

/** A line of a run's metric file. @returns what is wrong with it, if anything is */
export function parseRunLine(line: string): Point | string {
  const [whole, timestamp = '', value = '', step = '0', datasetName, datasetDigest] =
    RUN_LINE.exec(line.trim()) ?? [];
  if (whole === undefined) return "it is not 'timestamp value step'";
  return toPoint({ timestamp, value, step, datasetName, datasetDigest });
}

/** A line of a logged model's metric file. @returns what is wrong with it, if anything is */
export function parseModelLine(line: string): Point | string {
  const [whole, timestamp = '', value = '', step = '0', runId, datasetName, datasetDigest] =
    MODEL_LINE.exec(line.trim()) ?? [];
  if (whole === undefined) return "it is not 'timestamp value step run'";
  return toPoint({ timestamp, value, step, runId, datasetName, datasetDigest });
}

function toPoint(fields: {
  timestamp: string;
  value: string;
  step: string;
  runId?: string | undefined;
  datasetName?: string | undefined;
  datasetDigest?: string | undefined;
}): Point | string {
  const timestamp = Number(fields.timestamp);
  const step = Number(fields.step);
  const value = parseDouble(fields.value);
  if (value === undefined) return `'${fields.value.slice(0, 40)}' is not a number`;
  if (!Number.isSafeInteger(timestamp)) return `the timestamp ${fields.timestamp.slice(0, 40)} is too large`;
  if (!Number.isSafeInteger(step)) return `the step ${fields.step.slice(0, 40)} is too large`;
  return { ...fields, timestamp, step, value };
}

function parseDouble(text: string): number | undefined {
  if (DOUBLE.test(text)) return Number(text);
  const [, sign, word = ''] = /^([+-]?)(\w+)$/.exec(text) ?? [];
  const value = SPECIAL[word.toLowerCase()];
  return value === undefined || sign !== '-' ? value : -value;
}
