/** What registered models and versions are, and the rules that need no database. */
import { invalid } from '../contract/errors.ts';
import { STAGES, type Stage } from '../contract/models.ts';
import { checkKey } from '../tracking/model.ts';

const MAX_NAME_LENGTH = 256;
const MAX_ALIAS_LENGTH = 255;
const MAX_TAG_VALUE_LENGTH = 100_000;
const MAX_DESCRIPTION_LENGTH = 100_000;

/** Key → value. */
export type Tags = Record<string, string>;

/** MLflow keeps prompts among the models: this tag of theirs tells, and is `true`. */
export const PROMPT_TAG = 'mlflow.prompt.is_prompt';

/** A version as it is kept. */
export interface Version {
  readonly name: string;
  readonly version: number;
  readonly stage: Stage;
  readonly description: string;
  /** As its registrar gave it. */
  readonly source: string;
  /** Where its files are: `source` with references to logged models and versions resolved. */
  readonly storageLocation: string;
  readonly runId: string | null;
  readonly runLink: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Tags;
  readonly aliases: readonly string[];
}

/** A registered model with the newest version of each stage. */
export interface Model {
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Tags;
  /** Alias → version. */
  readonly aliases: Readonly<Record<string, number>>;
  readonly latest: readonly Version[];
}

/** Which version of a model is meant: by number, by alias, or the newest one in a stage. */
export type VersionSelector =
  | { readonly version: number }
  | { readonly alias: string }
  | { readonly stage: Stage };

/** What rules call the run behind a version, where evaluations have metrics of the same names: `rmspe@run`. */
export const OWN_RUN = 'run';

/** A metric as one evaluation has it. No metric that code logs has an `@` in its name. */
export function evaluatedBy(metric: string, evaluation: string): string {
  return `${metric}@${evaluation}`;
}

/** @throws ApiError INVALID_PARAMETER_VALUE unless a model can have this name */
export function checkModelName(name: string): void {
  if (name.trim() === '') throw invalid("Missing value for required parameter 'name'.");
  if (/[/:]/.test(name)) throw invalid(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`);
  if (/^\.+$/.test(name)) throw invalid(`Invalid model name '${name}'. A name of dots alone is no name.`);
  checkLength('Registered model name', name, MAX_NAME_LENGTH);
}

/** @throws ApiError INVALID_PARAMETER_VALUE when the description is too long */
export function checkDescription(description: string): void {
  checkLength('Description', description, MAX_DESCRIPTION_LENGTH);
}

/** @throws ApiError INVALID_PARAMETER_VALUE when tracking would not take the key, or the value is too long */
export function checkTag(key: string, value: string): void {
  checkKey(key, 'key', 'key');
  checkLength(`Value of tag '${key}'`, value, MAX_TAG_VALUE_LENGTH);
}

/** @throws ApiError INVALID_PARAMETER_VALUE unless an alias can have this name; `latest` and `v1` mean versions already */
export function checkAlias(alias: string): void {
  checkLength('Registered model alias name', alias, MAX_ALIAS_LENGTH);
  if (!/^[\p{L}\p{N}_-]+$/u.test(alias))
    throw invalid(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_) and dashes (-).`,
    );
  if (alias.toLowerCase() === 'latest') throw invalid("'latest' alias name (case insensitive) is reserved.");
  if (/^v\d+$/i.test(alias)) throw invalid(`Version alias name '${alias}' is reserved.`);
}

/** The stage of this name in any case. @throws ApiError INVALID_PARAMETER_VALUE when there is none */
export function parseStage(text: string): Stage {
  const stage = STAGES.find(each => each.toLowerCase() === text.toLowerCase());
  if (stage) return stage;
  throw invalid(`Invalid Model Version stage: ${text}. Value must be one of ${STAGES.join(', ')}.`);
}

/** @throws ApiError INVALID_PARAMETER_VALUE unless the text is a version number */
export function parseVersion(text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw invalid(`Parameter 'version' must be an integer, got '${text}'.`);
}

/** Stages that versions compete for, so that an older one can be archived when another takes it. */
export function isShared(stage: Stage): boolean {
  return stage === 'Staging' || stage === 'Production';
}

function checkLength(what: string, text: string, limit: number): void {
  if (text.length > limit)
    throw invalid(`${what} exceeds the maximum length of ${limit} characters (it has ${text.length}).`);
}
