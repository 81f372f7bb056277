/** The JSON body of MLflow's `runs/log-batch`: the one wire form that is parsed outside its face, in the writer thread. */
import { invalid } from '../contract/errors.ts';
import { type Batch, checkBatch, type KeyValue, type MetricPoint, missingValue } from './model.ts';

type Json = Readonly<Record<string, unknown>>;

const RUN_ID = /^[a-zA-Z0-9][\w-]{0,255}$/;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** @throws ApiError with MLflow's texts when the body is not a valid batch */
export function parseBatchBody(body: ArrayBuffer): { runId: string; batch: Batch } {
  const json = parseObject(body);
  const runId = json.run_id ?? json.run_uuid;
  if (runId === undefined || runId === null || runId === '') throw missingValue('run_id');
  if (typeof runId !== 'string' || !RUN_ID.test(runId)) throw badValue(runId, 'run_id');
  const batch: Batch = {
    metrics: list(json, 'metrics').map(toMetric),
    params: list(json, 'params').map((item, index) => toPair(item, `params[${index}]`)),
    tags: list(json, 'tags').map((item, index) => toPair(item, `tags[${index}]`)),
  };
  checkBatch(batch);
  return { runId, batch };
}

function parseObject(body: ArrayBuffer): Json {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(body));
  } catch {
    throw invalid('The request body is not valid JSON.');
  }
  if (!isObject(value)) throw invalid('The request body must be a JSON object.');
  return value;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(json: Json, field: string): readonly unknown[] {
  const value = json[field] ?? [];
  if (!Array.isArray(value)) throw badValue(value, field);
  return value;
}

function toMetric(item: unknown, index: number): MetricPoint {
  const place = `metrics[${index}]`;
  if (!isObject(item)) throw badValue(item, place);
  const { key, value, timestamp, step, model_id, dataset_name, dataset_digest } = item;
  const point: MetricPoint = {
    key: text(key, `${place}.name`),
    value: double(value, `${place}.value`),
    timestamp: integer(timestamp, `${place}.timestamp`),
    step: step === undefined || step === null ? 0 : integer(step, `${place}.step`),
  };
  // Most points say nothing of these: one object shape for them.
  if (!model_id && !dataset_name && !dataset_digest) return point;
  return {
    ...point,
    ...(model_id ? { modelId: text(model_id, `${place}.model_id`) } : {}),
    ...(dataset_name ? { datasetName: text(dataset_name, `${place}.dataset_name`) } : {}),
    ...(dataset_digest ? { datasetDigest: text(dataset_digest, `${place}.dataset_digest`) } : {}),
  };
}

function toPair(item: unknown, place: string): KeyValue {
  if (!isObject(item)) throw badValue(item, place);
  return {
    key: text(item.key, `${place}.key`),
    value: item.value === undefined || item.value === null ? '' : text(item.value, `${place}.value`),
  };
}

function text(value: unknown, place: string): string {
  if (typeof value === 'string') return requireUnicode(value, place);
  throw value === undefined || value === null ? missingValue(place) : badValue(value, place);
}

/**
 * JSON can spell half of a surrogate pair, UTF-8 cannot: the text would be kept as another.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE
 */
export function requireUnicode(text: string, place: string): string {
  if (text.isWellFormed()) return text;
  throw invalid(
    `Invalid value ${JSON.stringify(text)} for parameter '${place}' supplied: it has half of a surrogate pair, ` +
      'which is no Unicode text.',
  );
}

/** Integers also arrive as decimal strings. */
function integer(value: unknown, place: string): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return Number(value);
  throw value === undefined || value === null ? missingValue(place) : badValue(value, place);
}

/** Doubles also arrive as strings, and booleans count as 1 and 0. */
function double(value: unknown, place: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (value === 'NaN') return Number.NaN;
  if (typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value))) return Number(value);
  throw value === undefined || value === null || value === '' ? missingValue(place) : badValue(value, place);
}

/** The error for a value of another type than expected, in MLflow's words. */
export function badValue(value: unknown, place: string) {
  return invalid(
    `Invalid value ${JSON.stringify(value)} for parameter '${place}' supplied:  Hint: Value was of type ` +
      `'${pythonType(value)}'. See the API docs for more information about request parameters.`,
  );
}

/** What Python calls the type of a JSON value. */
export function pythonType(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return { string: 'str', boolean: 'bool', object: 'dict' }[typeof value as string] ?? 'dict';
}
