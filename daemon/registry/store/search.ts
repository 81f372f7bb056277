/** Searching models and versions: what names of the filter language mean for them. */
import type { Database as Connection } from 'better-sqlite3';
import {
  allOf,
  type Fragment,
  LISTED_TEXT,
  numberCondition,
  TEXT_COMPARATORS,
  textCondition,
  unknownAttribute,
  unknownPrefix,
} from '../../tracking/filter/condition.ts';
import { type Comparison, type Ordering, parseFilter, parseOrderBy } from '../../tracking/filter/parse.ts';
import { type Page, pageOf } from '../../tracking/pages.ts';
import { type Model, PROMPT_TAG, type Version } from '../model.ts';
import {
  MODEL_COLUMNS,
  type ModelRow,
  readModel,
  toVersion,
  VERSION_COLUMNS,
  VERSION_TABLES,
  type VersionRow,
} from './rows.ts';

/** A search in MLflow's filter language. */
export interface RegistrySearch {
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly limit: number;
  readonly offset: number;
}

/** What can be searched by: columns by their name in the filter language. */
interface Vocabulary {
  readonly text: Readonly<Record<string, string>>;
  readonly numbers: Readonly<Record<string, string>>;
  readonly sortable: Readonly<Record<string, string>>;
  /** Value of the tag whose key is bound. */
  readonly tag: string;
}

const MODELS: Vocabulary = {
  text: { name: 'm.name' },
  numbers: {},
  sortable: { name: 'm.name', timestamp: 'm.updated_at', last_updated_timestamp: 'm.updated_at' },
  tag: '(SELECT value FROM registered_model_tag t WHERE t.model = m.id AND t.key = ?)',
};

const VERSIONS: Vocabulary = {
  text: { name: 'm.name', source_path: 'v.source', run_id: "coalesce(v.run_id, '')" },
  numbers: { version_number: 'v.version' },
  sortable: {
    name: 'm.name',
    version_number: 'v.version',
    creation_timestamp: 'v.created_at',
    last_updated_timestamp: 'v.updated_at',
  },
  tag: '(SELECT value FROM model_version_tag t WHERE t.model = v.model AND t.version = v.version AND t.key = ?)',
};

export const reads = {
  'registry.searchModels': (connection: Connection, search: RegistrySearch): Page<Model> => {
    const where = toWhere(search.filter, MODELS);
    const order = toOrder(search.orderBy, MODELS, [], ['m.name']);
    const rows = connection
      .prepare<(string | number)[], ModelRow>(
        `SELECT ${MODEL_COLUMNS} FROM registered_model m WHERE ${where.sql} ORDER BY ${order} LIMIT ? OFFSET ?`,
      )
      .all(...where.values, search.limit + 1, search.offset);
    const page = pageOf(rows, search.limit, search.offset);
    return { ...page, items: page.items.map(row => readModel(connection, row)) };
  },

  'registry.searchVersions': (connection: Connection, search: RegistrySearch): Page<Version> => {
    const where = toWhere(search.filter, VERSIONS);
    const order = toOrder(search.orderBy, VERSIONS, ['v.updated_at DESC'], ['m.name', 'v.version DESC']);
    const rows = connection
      .prepare<(string | number)[], VersionRow>(
        `SELECT ${VERSION_COLUMNS} FROM ${VERSION_TABLES} WHERE v.deleted_at IS NULL AND ${where.sql}
         ORDER BY ${order} LIMIT ? OFFSET ?`,
      )
      .all(...where.values, search.limit + 1, search.offset);
    const page = pageOf(rows, search.limit, search.offset);
    return { ...page, items: page.items.map(row => toVersion(connection, row)) };
  },
};

function toWhere(filter: string, vocabulary: Vocabulary): Fragment {
  const comparisons = parseFilter(filter);
  const conditions = comparisons.map(comparison => toCondition(comparison, vocabulary));
  // Prompts show only where they are asked for.
  const asksForPrompts = comparisons.some(each => isTag(each) && each.key === PROMPT_TAG);
  if (!asksForPrompts)
    conditions.push({ sql: `coalesce(${vocabulary.tag}, '') <> 'true'`, values: [PROMPT_TAG] });
  return allOf(conditions);
}

function isTag({ prefix }: Comparison): boolean {
  return prefix === 'tag' || prefix === 'tags';
}

function toCondition(comparison: Comparison, { text, numbers, tag }: Vocabulary): Fragment {
  const { prefix, key, comparator } = comparison;
  if (isTag(comparison)) {
    // Clients ask for what is no prompt, and mean models without the tag too.
    const lenient = key === PROMPT_TAG && comparator === '!=';
    return textCondition({ sql: lenient ? `coalesce(${tag}, '')` : tag, values: [key] }, comparison);
  }
  if (prefix !== undefined && prefix !== 'attribute')
    throw unknownPrefix(prefix, ['attribute', 'tag', 'tags']);
  if (Object.hasOwn(numbers, key))
    return numberCondition({ sql: numbers[key] as string, values: [] }, unquoted(comparison));
  if (!Object.hasOwn(text, key)) throw unknownAttribute(key, Object.keys({ ...text, ...numbers }));
  const column = { sql: text[key] as string, values: [] };
  return textCondition(column, comparison, key === 'source_path' ? TEXT_COMPARATORS : LISTED_TEXT);
}

/** Version numbers may be quoted. */
function unquoted(comparison: Comparison): Comparison {
  const { value } = comparison;
  if (value.kind !== 'string' || !/^\d{1,15}$/.test(value.value)) return comparison;
  return { ...comparison, value: { kind: 'number', value: Number(value.value), text: value.text } };
}

/**
 * @param initial the order when nothing is asked for
 * @param ties what equals are sorted by, in either case
 */
function toOrder(
  items: readonly string[],
  vocabulary: Vocabulary,
  initial: readonly string[],
  ties: readonly string[],
): string {
  const asked = parseOrderBy(items).map(ordering => toTerm(ordering, vocabulary));
  return [...(asked.length > 0 ? asked : initial), ...ties].join(', ');
}

function toTerm({ prefix, key, descending }: Ordering, { sortable }: Vocabulary): string {
  if ((prefix !== undefined && prefix !== 'attribute') || !Object.hasOwn(sortable, key))
    throw unknownAttribute(prefix === undefined ? key : `${prefix}.${key}`, Object.keys(sortable));
  return `${sortable[key]} ${descending ? 'DESC' : 'ASC'}`;
}
