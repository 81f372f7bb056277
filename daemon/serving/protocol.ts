/** MLflow's scoring protocol: what a request for predictions may look like. */
import { ApiError } from '../contract/errors.ts';

/** A value as JSON or CSV gives it. */
export type Cell = string | number | boolean | null;
/** A tensor as nested lists, outermost dimension first. */
export type Nested = Cell | readonly Nested[];

/** What is asked for: rows of named columns, or tensors. */
export type Invocation =
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
    }
  /** Tensors by input name; `''` = the model's only input. */
  | { readonly kind: 'tensors'; readonly tensors: ReadonlyMap<string, Nested> };

const FORMATS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;
type Format = (typeof FORMATS)[number];

const EXPECTED = `The input must be a JSON object with exactly one of the fields ${FORMATS.join(', ')}`;

/**
 * Reads the body of a request.
 *
 * @throws ApiError BAD_REQUEST for a malformed body, UNSUPPORTED_MEDIA_TYPE for another content type
 */
export function parseInvocation(contentType: string, body: Buffer): Invocation {
  const [type = '', ...parameters] = contentType.split(';').map(part => part.trim().toLowerCase());
  const unknown = parameters.find(parameter => parameter !== '' && !/^charset="?utf-8"?$/.test(parameter));
  if (unknown !== undefined) {
    throw new ApiError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Content-Type has "${unknown}"; only charset=utf-8 is known.`,
    );
  }
  if (type === 'application/json') return parseJson(body.toString('utf8'));
  if (type === 'text/csv') return parseCsv(body.toString('utf8'));
  throw new ApiError(
    'UNSUPPORTED_MEDIA_TYPE',
    `Content-Type is "${contentType}"; predictions take application/json or text/csv.`,
  );
}

function bad(message: string): ApiError {
  return new ApiError('BAD_REQUEST', message);
}

function parseJson(text: string): Invocation {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw bad(`The body is not JSON: ${(error as Error).message}`);
  }
  if (!isObject(json)) throw bad(`${EXPECTED}; got ${Array.isArray(json) ? 'a bare list' : typeof json}.`);
  const given = FORMATS.filter(format => format in json);
  const [format] = given;
  if (format === undefined || given.length > 1)
    throw bad(`${EXPECTED}; got ${Object.keys(json).join(', ') || 'no field'}.`);
  return readers[format](json[format]);
}

const readers: Record<Format, (value: unknown) => Invocation> = {
  dataframe_split: readSplit,
  dataframe_records: readRecords,
  instances: readInstances,
  inputs: readInputs,
};

function readSplit(value: unknown): Invocation {
  if (!isObject(value) || !Array.isArray(value.data))
    throw bad('dataframe_split must be {"columns": […], "data": [[…], …]}.');
  const rows = value.data as unknown[];
  const first = rows[0];
  // Like pandas: without names, columns are called by their numbers.
  const columns = value.columns ?? (Array.isArray(first) ? first.map((_, index) => index) : []);
  if (!Array.isArray(columns)) throw bad('dataframe_split.columns must be a list of names.');
  const table = rows.map((row, index) => {
    if (Array.isArray(row) && row.length === columns.length) return row.map(cell => readCell(cell, index));
    throw bad(
      `dataframe_split.data[${index}] must be a list of ${columns.length} values, one for each column.`,
    );
  });
  return { kind: 'table', columns: columns.map(String), rows: table };
}

function readRecords(value: unknown): Invocation {
  if (!Array.isArray(value)) throw bad('dataframe_records must be a list of {"column": value} objects.');
  const records = value.map((record: unknown, index) => {
    if (isObject(record)) return record;
    throw bad(`dataframe_records[${index}] must be a {"column": value} object.`);
  });
  const columns = [...new Set(records.flatMap(record => Object.keys(record)))];
  const rows = records.map((record, index) =>
    columns.map(column => (Object.hasOwn(record, column) ? readCell(record[column], index) : null)),
  );
  return { kind: 'table', columns, rows };
}

function readCell(value: unknown, row: number): Cell {
  if (value === null || typeof value !== 'object') return value as Cell;
  throw bad(
    `Row ${row} holds ${JSON.stringify(value).slice(0, 80)}; a table's values are numbers, texts, booleans or null.`,
  );
}

function readInputs(value: unknown): Invocation {
  if (isObject(value))
    return { kind: 'tensors', tensors: new Map(Object.entries(value as Record<string, Nested>)) };
  return { kind: 'tensors', tensors: new Map([['', value as Nested]]) };
}

/** TensorFlow's row form: a list of rows, each an object with every input, or the value of the only one. */
function readInstances(value: unknown): Invocation {
  if (!Array.isArray(value)) throw bad('instances must be a list of rows.');
  if (!value.some(isObject)) return readInputs(value);
  const names = Object.keys(value[0] ?? {});
  const tensors = new Map<string, Nested[]>(names.map(name => [name, []]));
  for (const [index, row] of value.entries()) {
    if (
      !isObject(row) ||
      Object.keys(row).length !== names.length ||
      !names.every(name => Object.hasOwn(row, name))
    )
      throw bad(`instances[${index}] must be an object with ${names.join(', ')}, like instances[0].`);
    for (const name of names) tensors.get(name)?.push(row[name] as Nested);
  }
  return { kind: 'tensors', tensors };
}

/** RFC 4180, with a header line. An empty unquoted field is null. */
function parseCsv(text: string): Invocation {
  const [header, ...rows] = csvLines(text);
  if (!header) throw bad('The CSV is empty; its first line must name the columns.');
  const short = rows.findIndex(row => row.length !== header.length);
  if (short >= 0) {
    throw bad(`CSV row ${short + 1} has ${rows[short]?.length} fields; the header has ${header.length}.`);
  }
  return { kind: 'table', columns: header.map(String), rows };
}

function csvLines(text: string): (string | null)[][] {
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  const lines: (string | null)[][] = [];
  let line: (string | null)[] = [];
  while (field.lastIndex < text.length) {
    const start = field.lastIndex;
    const match = field.exec(text);
    if (!match) throw bad(`The CSV cannot be read at character ${start}: a quote stands in the wrong place.`);
    const [, quoted, plain = '', end] = match;
    line.push(quoted === undefined ? plain || null : quoted.replaceAll('""', '"'));
    if (end === ',') {
      // A comma at the very end of the text begins one more, empty, field.
      if (field.lastIndex === text.length) line.push(null);
      else continue;
    }
    if (line.length > 1 || line[0] !== null) lines.push(line);
    line = [];
  }
  return lines;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
