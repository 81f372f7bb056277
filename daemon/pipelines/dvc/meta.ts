/** What a stage says below `meta`, which DVC leaves alone, for modelthat. */
import type { Stage } from '../../contract/models.ts';
import { GateSyntaxError, parseGate } from '../../registry/gates.ts';
import {
  parseBackoff,
  parseDuration,
  parseTimeout,
  parseTimes,
  RETRY_DEFAULTS,
  type Retries,
  ValueError,
} from '../definition/attempts.ts';
import { holds } from '../definition/condition.ts';
import type { Step } from '../definition/model.ts';
import { ONE_CORE, parseCpu, parseGpu, parseMemory, type Resources } from '../definition/resources.ts';
import { StepSource } from '../definition/schema.ts';
import type { Source, SourcePath } from '../definition/source.ts';
import { isDict, type PythonValue, toPlain } from './python.ts';

/** The keys that are read, as in `modelthat.yaml`; all others belong to somebody else. */
const Keys = StepSource.pick({
  after: true,
  always: true,
  checks: true,
  env: true,
  gates: true,
  model: true,
  mutex: true,
  promote: true,
  resources: true,
  retries: true,
  timeout: true,
  when: true,
});
const NAMES = Object.keys(Keys.shape) as (keyof typeof Keys.shape)[];

/** Names of the keys that can be written below `meta`. */
export const META_KEYS: ReadonlySet<string> = new Set(NAMES);

/** What a step has of them. */
export interface StageMeta
  extends Pick<
    Step,
    | 'gates'
    | 'promote'
    | 'register'
    | 'timeout'
    | 'retries'
    | 'mutex'
    | 'always'
    | 'resources'
    | 'unless'
    | 'env'
  > {
  /** Path of the file with the results of data checks, relative to the stage's folder; null without one. */
  readonly checks: string | null;
  /** Names of stages or groups that must have succeeded first. */
  readonly after: readonly string[];
}

/**
 * Reads what is meant for modelthat. What has another form than a key of ours is left out, with a warning: other tools may
 * have a key of that name.
 *
 * @param at where the stage's keys stand
 */
export function readMeta(meta: PythonValue, source: Source, at: SourcePath): StageMeta {
  const declared = isDict(meta) ? meta : new Map<PythonValue, PythonValue>();
  const read = <T>(key: string, parse: (value: unknown) => T): T | undefined => {
    const value = declared.get(key);
    if (value === undefined) return undefined;
    try {
      return parse(toPlain(value));
    } catch (error) {
      if (!(error instanceof ValueError || error instanceof GateSyntaxError)) throw error;
      const remedy = error instanceof ValueError ? error.remedy : 'Write it like “rmspe < 0.1”.';
      source.warn([...at, 'meta', key], `“${key}” is left out: ${error.message}`, remedy);
      return undefined;
    }
  };
  const of = <Key extends keyof typeof Keys.shape>(key: Key) =>
    read(key, value => shaped(key, value)[key] as (typeof Keys)['_output'][Key]);
  const promote = of('promote');
  return {
    after: of('after') ?? [],
    always: of('always') ?? false,
    checks: of('checks') ?? null,
    env: Object.fromEntries(Object.entries(of('env') ?? {}).map(([name, each]) => [name, String(each)])),
    unless: read('when', value => whyNot(shaped('when', value).when)),
    resources: read('resources', value => parseResources(shaped('resources', value).resources)),
    gates: read('gates', value => shaped('gates', value).gates.map(checkedGate)) ?? [],
    register: of('model')?.register ?? null,
    mutex: of('mutex') ?? [],
    promote: promote === undefined ? null : { ...promote, to: promote.to as Stage },
    retries: read('retries', value => parseRetries(shaped('retries', value).retries)),
    timeout: read('timeout', value => parseTimeout(shaped('timeout', value).timeout)),
  };
}

function shaped(key: keyof typeof Keys.shape, value: unknown) {
  const parsed = Keys.safeParse({ [key]: value });
  if (parsed.success) return parsed.data;
  throw new ValueError('it is not as modelthat has it', 'Correct it if it is meant for modelthat.');
}

function checkedGate(gate: string): string {
  parseGate(gate);
  return gate;
}

/** The condition, if it does not hold. Its parameters are filled in already. */
function whyNot(when: (typeof Keys)['_output']['when']): string | undefined {
  const condition = String(when);
  const lookUp = (reference: string) => {
    throw new ValueError(`“${reference}” is not filled in`, 'Name a parameter that the stage can see.');
  };
  return holds(condition, lookUp) ? undefined : condition;
}

function parseResources(resources: (typeof Keys)['_output']['resources']): Resources {
  const { cpu = ONE_CORE.cpu, memory = ONE_CORE.memory, gpu = ONE_CORE.gpu } = resources ?? {};
  return { cpu: parseCpu(cpu), memory: parseMemory(memory), gpu: parseGpu(gpu) };
}

function parseRetries(retries: (typeof Keys)['_output']['retries']): Retries {
  const { times, wait, backoff, max_wait } = {
    ...RETRY_DEFAULTS,
    ...(typeof retries === 'object' ? retries : { times: retries }),
  };
  return {
    times: parseTimes(times),
    wait: parseDuration(wait),
    backoff: parseBackoff(backoff),
    maxWait: parseDuration(max_wait),
  };
}
