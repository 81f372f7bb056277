/** Rules of tracking that need no database: what keys and values may be, and what a run is called. */
import { randomInt, randomUUID } from 'node:crypto';
import path from 'node:path';
import { invalid } from '../contract/errors.ts';
import type { Lifecycle } from '../contract/runs.ts';

/** Most that one log-batch may carry, each and together. */
export const BATCH_LIMITS = { metrics: 1000, params: 100, tags: 100, together: 1000 } as const;

/** Lengths in characters. Longer keys are refused; longer values of params and run tags are cut, as MLflow does. */
export const LENGTHS = {
  key: 250,
  paramValue: 6000,
  runTagValue: 8000,
  experimentName: 500,
  experimentTagValue: 20_000,
  artifactLocation: 2048,
} as const;

/** Tags that mean something to modelthat. */
export const TAG = {
  runName: 'mlflow.runName',
  parentRunId: 'mlflow.parentRunId',
  user: 'mlflow.user',
  modelHistory: 'mlflow.log-model.history',
  datasetContext: 'mlflow.data.context',
  /** Set when a run's client went silent; its value says since when (ISO 8601). */
  lostSince: 'modelthat.lostSince',
} as const;

/** What a search looks at: what is in use, what is in the bin, or both. */
export type View = Lifecycle | 'all';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** One logged value. NaN and infinities are values like others. */
export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
  /** The logged model and the data set that the value was measured on, when the client says so. */
  readonly modelId?: string;
  readonly datasetName?: string;
  readonly datasetDigest?: string;
}

/** What one log-batch carries. */
export interface Batch {
  readonly metrics: readonly MetricPoint[];
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
}

const KEY_CHARACTERS = /^[/\p{L}\p{N}_.\- :]*$/u;

/**
 * Checks the key of a metric, param or tag: it must be usable as a relative path, unchanged.
 *
 * @param noun how a message calls it: "Metric name", "Param key", "Tag key"
 * @param place where it stood in the request: "name", "metrics[3].name"
 */
export function checkKey(key: string, noun: string, place = 'name'): void {
  if (key === '') throw missingValue(place);
  if (!KEY_CHARACTERS.test(key))
    throw invalid(
      `Invalid value ${JSON.stringify(key)} for parameter '${place}' supplied: Names may only contain alphanumerics, ` +
        'underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).',
    );
  const resolved = path.posix.normalize(key).replace(/(?<=.)\/$/, '');
  if (resolved !== key || resolved === '.' || resolved.startsWith('..') || resolved.startsWith('/'))
    throw invalid(
      `Invalid value ${JSON.stringify(key)} for parameter '${place}' supplied: Names may be treated as files in certain ` +
        'cases, and must not resolve to other names when treated as such. ' +
        `This name would resolve to '${resolved}'`,
    );
  checkLength(key, LENGTHS.key, noun);
}

/** @param noun how the message calls the value: "name", "Metric name" */
export function checkLength(value: string, limit: number, noun: string): void {
  if (value.length > limit) throw invalid(`'${noun}' exceeds the maximum length of ${limit} characters`);
}

/** The error for a value that must be there. @param place where it should have stood: "metrics[0].timestamp" */
export function missingValue(place: string) {
  return invalid(
    `Missing value for required parameter '${place}'. See the API docs for more information about request parameters.`,
  );
}

/** Checks a metric's key, step and timestamp. @param place prefix of its place in the request: "metrics[3]." */
export function checkMetric(point: MetricPoint, place = ''): void {
  checkKey(point.key, 'Metric name', `${place}name`);
  if (!Number.isSafeInteger(point.timestamp) || point.timestamp < 0)
    throw invalid(
      `Got invalid timestamp ${point.timestamp} for metric '${point.key}' (value=${point.value}). ` +
        'Timestamp must be a nonnegative long (64-bit integer)',
    );
  if (!Number.isSafeInteger(point.step))
    throw invalid(
      `Got invalid step ${point.step} for metric '${point.key}' (value=${point.value}). ` +
        'Step must be a valid long (64-bit integer)',
    );
}

/** Checks everything about a batch that needs no database. */
export function checkBatch(batch: Batch): void {
  const together = batch.metrics.length + batch.params.length + batch.tags.length;
  limitBatch(batch.metrics.length, BATCH_LIMITS.metrics, 'metrics');
  limitBatch(batch.params.length, BATCH_LIMITS.params, 'params');
  limitBatch(batch.tags.length, BATCH_LIMITS.tags, 'tags');
  limitBatch(together, BATCH_LIMITS.together, 'metrics, params, and tags');
  for (const [index, point] of batch.metrics.entries()) checkMetric(point, `metrics[${index}].`);
  for (const [index, param] of batch.params.entries())
    checkKey(param.key, 'Param key', `params[${index}].key`);
  for (const [index, tag] of batch.tags.entries())
    checkKey(tag.key, `tags[${index}].key`, `tags[${index}].key`);
  const keys = batch.params.map(param => param.key);
  const doubled = [...new Set(keys.filter((key, index) => keys.indexOf(key) !== index))];
  if (doubled.length > 0)
    throw invalid(
      `Duplicate parameter keys have been submitted: [${doubled.map(key => `'${key}'`).join(', ')}]. ` +
        'Please ensure the request contains only one param value per param key.',
    );
}

function limitBatch(count: number, limit: number, noun: string): void {
  if (count > limit)
    throw invalid(
      `A batch logging request can contain at most ${limit} ${noun}. Got ${count} ${noun}. ` +
        `Please split up ${noun} across multiple requests and try again.`,
    );
}

/** A fresh run id: 32 hexadecimal digits. */
export function newRunId(): string {
  return randomUUID().replaceAll('-', '');
}

const ADJECTIVES =
  'able agile amber bold brave bright brisk calm capable clean clever crisp curious dapper daring deft eager elated fair fearless funny gentle glad grand handsome happy honest hushed invincible jolly keen kind lively loud lucid lyrical mellow merry mighty neat nimble noble patient placid polite proud quick quiet rare receptive resilient rogue serene sharp skillful smiling spirited stately steady sunny swift tidy traveling upbeat useful valuable vivid warm wise witty youthful zealous'.split(
    ' ',
  );
const ANIMALS =
  'ant ape auk badger bass bat bear bee bird boar bug calf carp cat chimp cod colt crab crane crow cub deer doe dog dolphin donkey dove duck eel elk fawn finch fish flea fly foal fowl fox frog gnat gnu goat goose grouse grub gull hare hawk hen hog horse hound jay kit kite koi lamb lark loon lynx mare midge mink mole moose moth mouse mule newt owl ox panda penguin perch pig pug quail ram rat ray robin roo rook seal shad shark sheep shoat shrew shrike shrimp skink skunk sloth slug smelt snail snake snipe sow sponge squid squirrel stag steed stoat stork swan tern toad trout turtle vole wasp whale wolf worm wren yak zebra'.split(
    ' ',
  );

/** A name for a run that was given none: `adjective-animal-NNN`. */
export function generateRunName(): string {
  const pick = (words: readonly string[]) => words[randomInt(words.length)];
  return `${pick(ADJECTIVES)}-${pick(ANIMALS)}-${randomInt(1000)}`;
}

/** What all points of one metric of one run come to. `min` and `max` are null while no point is a number. */
export interface Summary {
  readonly last: number;
  readonly step: number;
  readonly timestamp: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly count: number;
}

/**
 * The summary with more points. The last point is the greatest by (step, timestamp, value); NaN is above numbers.
 *
 * @param points at least one; those that were logged before change nothing
 * @param added how many of them are new
 */
export function summarize(
  known: Summary | undefined,
  points: readonly Pick<MetricPoint, 'step' | 'timestamp' | 'value'>[],
  added: number,
): Summary {
  let { last, step, timestamp, min, max } = known ?? {
    last: Number.NaN,
    step: Number.NEGATIVE_INFINITY,
    timestamp: 0,
    min: null,
    max: null,
  };
  for (const point of points) {
    const { value } = point;
    const later = point.step - step || point.timestamp - timestamp || compareValues(value, last);
    if (later > 0) ({ step, timestamp, value: last } = point);
    if (Number.isNaN(value)) continue;
    if (min === null || value < min) min = value;
    if (max === null || value > max) max = value;
  }
  return { last, step, timestamp, min, max, count: (known?.count ?? 0) + added };
}

function compareValues(left: number, right: number): number {
  if (Number.isNaN(left)) return Number.isNaN(right) ? 0 : 1;
  return Number.isNaN(right) ? -1 : Math.sign(left - right);
}
