/**
 * Where the daemon is meant to answer otherwise than the MLflow server, and why: the one list of it. The comparisons
 * accept nothing else, and fail when something on the list no longer differs. `docs/compatibility.md` shows it.
 */
import type { Json } from './normalise.ts';

/** What one server said to one question, normalised. */
export type Answer =
  | { readonly value: Json }
  | {
      readonly error: {
        readonly error_code?: string;
        readonly message?: string;
        /** HTTP status, where it is known. */
        readonly status?: number;
        readonly type?: string;
      };
    };

/** The answers of both servers to the same question. */
export interface Pair {
  /** Name of the observation, or the request: `POST runs/create`. */
  readonly question: string;
  readonly upstream: Answer;
  readonly ours: Answer;
}

/** One intended difference. */
export interface Difference {
  readonly id: string;
  /** What differs, as a sentence. */
  readonly what: string;
  /** Why it is meant so, as a sentence. */
  readonly why: string;
  /** Observations in which it shows: each of them must differ with at least one version of MLflow. */
  readonly observations?: readonly string[];
  /** Whether answers differ by it; for differences that show in many observations. */
  shows?(pair: Pair): boolean;
  /** Whether answers to a random request differ by it. */
  inSequences?(pair: Pair): boolean;
}

/** The error in an answer, if it is one. */
export function errorOf(answer: Answer | undefined) {
  return answer && 'error' in answer ? answer.error : undefined;
}

const REFUSALS: ReadonlySet<string | undefined> = new Set([
  'INVALID_PARAMETER_VALUE',
  'BAD_REQUEST',
  'RESOURCE_DOES_NOT_EXIST',
]);

function isRefusal(answer: Answer, ...codes: readonly string[]): boolean {
  return codes.includes(errorOf(answer)?.error_code ?? '');
}

/** Whether two answers are the same but for a field, wherever it stands. */
function sameWithout({ upstream, ours }: Pair, field: string): boolean {
  const rest = (answer: Answer) =>
    JSON.stringify(answer, (name, value) => (name === field ? undefined : value));
  return rest(upstream) === rest(ours);
}

/** Whether the daemon alone refuses, with this text. */
function refusesAlone({ upstream, ours }: Pair, text: RegExp): boolean {
  return 'value' in upstream && text.test(errorOf(ours)?.message ?? '');
}

function refused({ ours }: Pair): boolean {
  return REFUSALS.has(errorOf(ours)?.error_code);
}

export const DIFFERENCES: readonly Difference[] = [
  {
    id: 'words',
    what: 'The text of an error is often another; its code and its HTTP status are the same.',
    why: "Clients act on the code. Our texts name the value and what would be right; MLflow's show SQL statements and Python sets.",
    shows({ upstream, ours }) {
      const [theirs, own] = [errorOf(upstream), errorOf(ours)];
      return (
        theirs?.error_code !== undefined &&
        // A failure of ours is a defect, also where MLflow fails.
        theirs.error_code !== 'INTERNAL_ERROR' &&
        theirs.error_code === own?.error_code &&
        theirs.status === own.status &&
        theirs.type === own.type
      );
    },
  },
  {
    id: 'no-500',
    what: 'A request that makes the MLflow server fail with status 500 is refused with 400 or 404.',
    why: 'The request is at fault, not the server; and clients repeat a request that failed with 500 for minutes.',
    shows: pair =>
      (errorOf(pair.upstream)?.error_code === 'INTERNAL_ERROR' || errorOf(pair.upstream)?.status === 500) &&
      refused(pair),
  },
  {
    id: 'order-of-checks',
    what: 'A request that names something missing and has a bad value is refused for the one or for the other.',
    why: "It has two faults, and which is looked at first is nobody's contract.",
    inSequences: pair =>
      isRefusal(pair.upstream, 'RESOURCE_DOES_NOT_EXIST', 'INVALID_PARAMETER_VALUE') &&
      isRefusal(pair.ours, 'RESOURCE_DOES_NOT_EXIST', 'INVALID_PARAMETER_VALUE'),
  },
  {
    id: 'strict-types',
    what: 'A value of the wrong type, or a name that an enumeration does not have, is refused wherever it stands.',
    why: 'MLflow ignores some of them, and the fields after them, so that a mistake goes unseen.',
    inSequences: ({ upstream, ours }) =>
      errorOf(upstream)?.error_code !== 'INTERNAL_ERROR' &&
      /Hint: Value was of type|it must be one of/.test(errorOf(ours)?.message ?? ''),
  },
  {
    id: 'doubled-tags',
    what: 'Of a tag that a request has twice the last one counts, when something is made as well as later.',
    why: 'MLflow does so for tags that are set later, and fails on a constraint of its database otherwise.',
    inSequences: ({ upstream, ours }) =>
      'value' in ours && /UNIQUE constraint failed: \w*tags/.test(errorOf(upstream)?.message ?? ''),
  },
  {
    id: 'nothing-to-delete',
    what: 'Deleting a tag or an alias by a name that none can have does nothing, as deleting any other that is not there.',
    why: 'What is wanted holds already.',
    inSequences: ({ question, upstream, ours }) =>
      question.startsWith('DELETE') &&
      'value' in ours &&
      /Names may|exceeds the maximum length|alias name/.test(errorOf(upstream)?.message ?? ''),
  },
  {
    id: 'default-experiment',
    what: 'A run that names no experiment goes to the experiment 0.',
    why: 'That is what it is for; MLflow fails on a constraint of its database.',
    inSequences: ({ question, upstream, ours }) =>
      question === 'POST runs/create' &&
      'value' in ours &&
      /FOREIGN KEY constraint failed/.test(errorOf(upstream)?.message ?? ''),
  },
  {
    id: 'model-in-the-path',
    what: 'The logged model that is changed is the one in the path; a request whose body names another is refused.',
    why: 'The path names the resource. MLflow changes the one in the body, and fails when the body names none.',
    inSequences: pair =>
      pair.question.startsWith('PATCH logged-models/') &&
      (refusesAlone(pair, /The path names the logged model/) ||
        ('value' in pair.ours && isRefusal(pair.upstream, 'INVALID_PARAMETER_VALUE'))),
  },
  {
    id: 'no-workspaces',
    what: 'Answers have no field `workspace`.',
    why: 'There are none; clients take the default one.',
    inSequences: pair => sameWithout(pair, 'workspace'),
  },
  {
    id: 'json-404',
    what: 'A route that does not exist is answered with JSON (404 `ENDPOINT_NOT_FOUND`), where MLflow sends a page of HTML.',
    why: 'Clients read the code of the JSON, and take a page for a fault of the network.',
    observations: ['logged_models.delete_tag.odd key'],
  },
  {
    id: 'host-addressed-locations',
    what: 'Artifact locations and sources with the schemes http, https and `mlflow-artifacts://host` are taken.',
    why: 'MLflow 3.17 refuses them because its server would connect to that host. The daemon never connects to an artifact location: clients do.',
    observations: [
      'experiments.create.location.http',
      'versions.create.source host',
      'versions.create.source https',
    ],
  },
  {
    id: 'sources-without-run',
    what: 'A version may have a source below `mlflow-artifacts:/` or `runs:/` without naming the run that it belongs to.',
    why: 'MLflow 3.17 asks for the run to check who may read it. A store belongs to one person, whose clients all may read all of it.',
    observations: [
      'versions.create.source proxied',
      'versions.create.source trailing slashes',
      'versions.create.source four dots',
      'versions.create.source run',
    ],
  },
  {
    id: 'one-rule-for-tags',
    what: 'Tags of a new run and of a logged model are held to the rules of all tags: which keys there can be, and where long values are cut.',
    why: 'MLflow forgets to check them there, so that a tag can be made which cannot be set again.',
    observations: [
      'runs.create.long tag value',
      'runs.create.tag key too long',
      'runs.create.odd tag key',
      'logged_models.set_tags.bad key',
      'logged_models.tags.read',
    ],
    inSequences: pair => refusesAlone(pair, /Names may|'?[Tt]ag key'? exceeds/),
  },
  {
    id: 'nan-is-greatest',
    what: 'NaN is greater than every number where points of the same step and time are ordered.',
    why: "MLflow keeps NaN as 0, so that which point is the latest depends on the others' signs.",
    observations: ['history.nan and number at one step', 'history.nan and number at one step.latest'],
  },
  {
    id: 'strict-filters',
    what: 'A filter with a misplaced or a missing AND, an empty or single-quoted name, a doubled quote, or a number for a text is refused.',
    why: 'MLflow takes them for something else than was written, and answers with other runs than were meant.',
    observations: [
      "search_runs.filter [params.quoted = 'it''s']",
      'search_runs.filter [metrics.loss > 0 AND]',
      'search_runs.filter [AND metrics.loss > 0]',
      'search_runs.filter [metrics.loss > 0 metrics.acc > 0]',
      "search_runs.filter [params. = 'x']",
      "search_runs.filter [params.'kind' = 'even']",
      'search_logged_models.filter [params.lr = 1]',
    ],
  },
  {
    id: 'lenient-filters',
    what: 'Comparators may be written in any case in every search, and numbers with a leading plus.',
    why: 'MLflow allows that for runs and not for experiments; nobody means anything else by it.',
    observations: [
      'search_runs.filter [metrics.loss > +0.2]',
      "search_experiments.filter [name like 'found%']",
      "search_experiments.filter [tags.team ilike 'S%']",
    ],
  },
  {
    id: 'named-datasets',
    what: 'A data set needs a name and a digest, and its tags need keys.',
    why: 'One without cannot be told from others; MLflow takes empty ones.',
    observations: [
      'inputs.limit.no name',
      'inputs.limit.no digest',
      'inputs.limit.tag empty',
      'inputs.all.read',
    ],
  },
  {
    id: 'no-empty-pages',
    what: 'A page of no entries, or of fewer, is refused in every search.',
    why: 'As MLflow itself does for runs and experiments.',
    observations: [
      'search_logged_models.max_results 0',
      'search_models.max_results 0',
      'search_models.max_results -1',
    ],
    inSequences: pair => refusesAlone(pair, /must be a positive integer/),
  },
  {
    id: 'page-of-experiments',
    what: 'A search of experiments that does not say how many it wants gets pages of 1,000, as one of runs does.',
    why: 'The protocol lets the server choose. MLflow takes the missing number for 0, and refuses it.',
    inSequences: ({ question, upstream, ours }) =>
      question === 'POST experiments/search' &&
      'value' in ours &&
      /Invalid value 0 for parameter 'max_results'/.test(errorOf(upstream)?.message ?? ''),
  },
  {
    id: 'null-is-not-set',
    what: 'A field that is null counts as one that is not there, in every request.',
    why: 'So it is in the JSON form of protobuf. MLflow fails with status 500 and a page of HTML where it wants a list or a number.',
    inSequences: ({ upstream, ours }) =>
      'value' in ours && errorOf(upstream)?.status === 500 && errorOf(upstream)?.error_code === undefined,
  },
  {
    id: 'start-of-runs',
    what: 'A run that does not say when it started has started when it was made.',
    why: 'MLflow says 1970.',
    inSequences: pair => sameWithout(pair, 'start_time'),
  },
  {
    id: 'no-empty-last-page',
    what: 'The last page of a search has no token, also when it is full.',
    why: 'MLflow 2.22 sends a token for one more page, which is empty.',
    observations: ['search_runs.pages'],
  },
  {
    id: 'plain-paths',
    what: 'Artifact paths are taken in their plain form: without `.`, `..` and backslashes.',
    why: 'A store must be readable on every system, and one file must have one name.',
    observations: [
      'artifacts.list odd [./results]',
      'artifacts.name.backslash.upload',
      'artifacts.name.backslash.download',
      'artifacts.name.list',
    ],
  },
  {
    id: 'empty-files',
    what: 'An empty artifact has the size 0.',
    why: 'It is known; MLflow leaves the size out, as if it were not.',
    observations: [
      'artifacts.list [None]',
      'artifacts.list []',
      'artifacts.list [results]',
      'artifacts.list.all',
    ],
  },
  {
    id: 'length-of-names',
    what: 'The name of a registered model has at most 256 characters.',
    why: "It is MLflow's own limit, which it leaves to its database; SQLite does not hold it.",
    observations: ['models.create.name [257 x n]', 'search_models.all'],
    inSequences: pair => refusesAlone(pair, /exceeds the maximum length of 256/),
  },
  {
    id: 'aliases-everywhere',
    what: 'A version tells its aliases also as one of the latest versions of a model and in searches.',
    why: 'It has them; MLflow leaves them out there.',
    observations: ['models.rename.read', 'aliases.model', 'search_versions.page', 'search_versions.whole'],
    inSequences: pair => sameWithout(pair, 'aliases'),
  },
];

/** The intended difference by which these answers differ; undefined when it is none. */
export function explain(pair: Pair): Difference | undefined {
  return DIFFERENCES.find(
    difference =>
      difference.observations?.includes(pair.question) ||
      difference.shows?.(pair) ||
      difference.inSequences?.(pair),
  );
}
