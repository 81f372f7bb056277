/** What the rules for stages ask of a version, and whether it fulfils that. */
import { ApiError } from '../contract/errors.ts';
import type { GateResult, ModelVersion, RuledStage, Stage } from '../contract/models.ts';
import type { ModelRules, RegistryRules, StageRules } from '../contract/rules.ts';
import { decodeDouble } from '../contract/values.ts';
import { judge, parseGate } from './gates.ts';
import { isShared } from './model.ts';
import { type Signature, whyIncompatible } from './signature.ts';

/** Where the rules come from: the registry knows nothing of the files that people write them in. */
export interface RuleSource {
  /** The rules of now, with what is wrong with them. */
  read(): Promise<RegistryRules>;
}

/** What the files of versions say; read before anything is decided. */
export interface Facts {
  /** Of the version's files; null when they are not here to be read. */
  readonly digest: string | null;
  /** Their size together in bytes; null when they are not here. */
  readonly size: number | null;
  /** What the version takes and gives; null when its files do not say. */
  readonly signature: Signature | null;
  /** The same of the version that was in Production then. */
  readonly champion: { readonly version: number; readonly signature: Signature | null } | null;
}

/** What conditions are judged by. */
export interface Candidate {
  readonly version: ModelVersion;
  readonly champion: ModelVersion | null;
  readonly facts: Facts;
  /** Results of data checks behind the version: name → passed. */
  readonly checks: Readonly<Record<string, boolean>>;
}

const NOTHING_ASKED: StageRules = {
  gates: [],
  checks: false,
  signature: false,
  maxSize: null,
  approval: null,
  archive: null,
  alias: null,
};

/**
 * The rules of a model; null when there are none.
 *
 * @throws ApiError PERMISSION_DENIED when they cannot be read: then nobody can say what they ask
 */
export function rulesOf(rules: RegistryRules, model: string): ModelRules | null {
  const { all, models, problems } = rules;
  const wrong = whyUnreadable(rules);
  if (wrong !== undefined)
    throw new ApiError(
      'PERMISSION_DENIED',
      `The rules for models cannot be read, so no version changes its stage: ${wrong}`,
      { problems },
    );
  return Object.hasOwn(models, model) ? (models[model] ?? null) : all;
}

/** What is wrong with rules, with its place and the remedy; undefined when nothing is. */
export function whyUnreadable({ problems, file }: RegistryRules): string | undefined {
  const wrong = problems.find(({ severity }) => severity === 'error');
  return (
    wrong && `${wrong.file || file}:${wrong.line}: ${wrong.message}. ${wrong.remedy ?? 'Correct the file.'}`
  );
}

/**
 * What a stage asks for. What Staging asks for holds for Production, too, whichever way a version takes; an approval
 * for Production stands for one for Staging.
 */
export function askedFor(rules: ModelRules | null, stage: Stage): StageRules {
  if (!rules || !isRuled(stage)) return NOTHING_ASKED;
  const { Staging: staging, Production: production } = rules.stages;
  if (stage === 'Staging') return staging;
  const sizes = [staging.maxSize, production.maxSize].filter(size => size !== null);
  return {
    ...production,
    gates: [...new Set([...staging.gates, ...production.gates])],
    checks: staging.checks || production.checks,
    signature: staging.signature || production.signature,
    maxSize: sizes.length === 0 ? null : Math.min(...sizes),
    approval: production.approval ?? staging.approval,
  };
}

/** Each condition of a stage as it is found, passed or not. */
export function judgeConditions(asked: StageRules, candidate: Candidate): GateResult[] {
  return [
    ...judgeGates(asked.gates, candidate),
    ...(asked.checks ? [judgeChecks(candidate.checks)] : []),
    ...(asked.signature ? [judgeSignature(candidate)] : []),
    ...(asked.maxSize === null ? [] : [judgeSize(asked.maxSize, candidate.facts.size)]),
    ...(asked.approval && candidate.facts.digest === null ? [CONTENT_UNKNOWN] : []),
  ];
}

/** An approval is of a content: of files that are not here, nobody could say later whether they are those approved. */
const CONTENT_UNKNOWN = condition(
  'content',
  false,
  'its files are not in this store to be read, and an approval is of what they hold',
);

/** A condition in words: what was asked, what was found. */
export function describeCondition({ gate, passed, observed, expected, message }: GateResult): string {
  const seen = observed === null ? '' : `observed ${round(observed)}, expected ${gateSide(gate, expected)}`;
  const detail = [message, seen].filter(Boolean).join('; ');
  return `${gate} ${passed ? 'holds' : 'does not hold'}${detail && ` (${detail})`}`;
}

function judgeGates(gates: readonly string[], { version, champion }: Candidate): GateResult[] {
  const metrics = { candidate: numbers(version), champion: champion ? numbers(champion) : null };
  return gates.map(gate => judge(parseGate(gate), metrics));
}

function judgeChecks(checks: Candidate['checks']): GateResult {
  const names = Object.keys(checks);
  const failed = names.filter(name => !checks[name]);
  const message =
    names.length === 0
      ? 'no data checks are recorded with the run behind the version, nor with its execution'
      : failed.length > 0
        ? `failed: ${failed.join(', ')}`
        : `passed: ${names.join(', ')}`;
  return condition('data checks', names.length > 0 && failed.length === 0, message);
}

function judgeSignature({ facts, champion }: Candidate): GateResult {
  if (!champion) return condition('signature', true, 'no version is in Production to compare with');
  const before = facts.champion?.signature ?? null;
  if (!before) return condition('signature', true, `version ${champion.version} in Production has none`);
  const why = whyIncompatible(before, facts.signature);
  return condition('signature', why === undefined, why ?? `fits version ${champion.version} in Production`);
}

function judgeSize(most: number, size: number | null): GateResult {
  return {
    gate: 'size',
    passed: size !== null && size <= most,
    observed: size,
    expected: most,
    ...(size === null ? { message: 'its files are not here to be measured' } : {}),
  };
}

function condition(gate: string, passed: boolean, message: string): GateResult {
  return { gate, passed, observed: null, expected: null, message };
}

function numbers({ metrics }: ModelVersion): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, decodeDouble(value)]));
}

function gateSide(gate: string, expected: GateResult['expected']): string {
  const comparison = /<=|>=|==|!=|<|>/.exec(gate)?.[0] ?? '<=';
  return expected === null ? '' : `${comparison} ${round(expected)}`;
}

function round(value: NonNullable<GateResult['observed']>): string {
  return String(Number(decodeDouble(value).toPrecision(6)));
}

/** Whether rules can be about a stage. */
export function isRuled(stage: Stage): stage is RuledStage {
  return isShared(stage);
}
