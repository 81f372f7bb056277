import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { invalid, missing } from '../contract/errors.ts';
import type { DebugPreparation } from '../contract/pipelines.ts';
import type { Environments } from '../environments/service.ts';
import type { SecretService } from '../secrets/service.ts';
import type { PipelineDefinition, Step } from './definition/model.ts';
import { suggest } from './definition/source.ts';
import type { StepTokens } from './engine.ts';
import type { ExecutionEnvironment } from './model.ts';
import { paramsOf } from './params.ts';
import type { PipelineService } from './service.ts';
import { stepEnvironment } from './step-environment.ts';
import { valuesOf, whyWithoutSecrets } from './step-secrets.ts';

interface DebuggingParts {
  readonly pipelines: PipelineService;
  readonly tokens: StepTokens;
  /** Address of this daemon. */
  readonly url: string;
  /** Where sessions keep their parameters, in the user's state folder; what an earlier daemon left there is removed. */
  readonly folder: string;
  readonly environments: Pick<Environments, 'made' | 'selected'>;
  readonly secrets: SecretService;
}

/**
 * Makes steps ready to be started by somebody else: the editor's debugger. What such a step logs is a run of the
 * pipeline's experiment and no part of an execution, and its outputs are not kept for later.
 */
export class StepDebugging {
  readonly #parts: DebuggingParts;
  /** Tokens of the sessions that go on, by their ids. */
  readonly #tokens = new Map<string, string>();

  constructor(parts: DebuggingParts) {
    this.#parts = parts;
    rmSync(parts.folder, { recursive: true, force: true });
  }

  /** @throws ApiError when there is no such step, when it runs nothing, or while its environment or a secret is missing */
  async prepare(request: {
    file: string;
    step: string;
    set: Readonly<Record<string, string>>;
    python?: string | undefined;
  }): Promise<DebugPreparation> {
    const { pipelines, tokens, url, secrets } = this.#parts;
    const { definition } = await pipelines.read({ ...request, force: false });
    const step = stepOf(definition, request.step);
    if (step.commands.length === 0) throw invalid(`The step “${step.name}” runs no command.`);
    if (step.notebook !== undefined)
      throw invalid(
        `The step “${step.name}” is a notebook: open ${step.notebook}, and debug its cells there.`,
      );
    const lacking = whyWithoutSecrets(secrets, step);
    if (lacking !== undefined) throw missing(`The step “${step.name}” cannot be debugged: ${lacking}.`);
    const environment = await this.#environment(definition, request.python);
    const id = randomUUID();
    const token = tokens.issue();
    this.#tokens.set(id, token);
    const env = stepEnvironment({
      url,
      token,
      experiment: definition.name,
      params: this.#writeParams(id, paramsOf(definition, step)),
      progress: this.#place(id, 'progress'),
      environment,
      gpus: null,
      own: { ...step.env, ...valuesOf(secrets, step) },
    });
    return {
      id,
      commands: step.commands.map(command => located(command, step.cwd, env)),
      cwd: step.cwd,
      env,
    };
  }

  /** Takes back what a session was given. Nothing happens when there is no such session. */
  end(id: string): void {
    const token = this.#tokens.get(id);
    if (token === undefined) return;
    this.#tokens.delete(id);
    this.#parts.tokens.revoke(token);
    for (const what of ['params', 'progress'] as const) rmSync(this.#place(id, what), { force: true });
  }

  async #environment(
    { name, requirements }: PipelineDefinition,
    python: string | undefined,
  ): Promise<ExecutionEnvironment | null> {
    const { environments } = this.#parts;
    if (requirements === null) return python === undefined ? null : environments.selected(python);
    const made = await environments.made(requirements);
    if (made) return made;
    throw missing(`The Python environment of “${name}” is not made yet. Run the pipeline once, then debug.`);
  }

  #writeParams(id: string, params: unknown): string {
    mkdirSync(this.#parts.folder, { recursive: true, mode: 0o700 });
    const file = this.#place(id, 'params');
    writeFileSync(file, JSON.stringify(params, null, 2), { mode: 0o600 });
    return file;
  }

  #place(id: string, what: 'params' | 'progress'): string {
    return path.join(this.#parts.folder, `${id}.${what}.json`);
  }
}

function stepOf({ steps }: PipelineDefinition, wanted: string): Step {
  const found = steps.find(({ name }) => name === wanted);
  if (found) return found;
  throw invalid(
    `There is no step “${wanted}”. ${suggest(
      wanted,
      steps.map(({ name }) => name),
    )}`,
  );
}

/** The command with the path of its program, as the step's PATH has it: a debugger may look for it in another. */
function located(
  [program = '', ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): string[] {
  if (program.includes('/') || program.includes(path.sep)) return [path.resolve(cwd, program), ...args];
  const pathName = Object.keys(env).find(name => name.toUpperCase() === 'PATH') ?? 'PATH';
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat', ''] : [''];
  const candidates = (env[pathName] ?? '')
    .split(path.delimiter)
    .flatMap(folder => endings.map(ending => path.join(folder, program + ending)));
  return [candidates.find(candidate => existsSync(candidate)) ?? program, ...args];
}
