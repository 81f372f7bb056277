/** The machine that executions run on, as far as results can depend on it. */
import { realpathSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Host } from '../contract/pipelines.ts';
import { kindOf } from '../environments/requirements.ts';
import type { Environments } from '../environments/service.ts';
import { findProgram } from '../processes/programs.ts';
import type { PipelineDefinition } from './definition/model.ts';

const PYTHON = /^(?:python|pypy)[\d.]*$/i;

/** Describes it, and asks no Python twice. */
export class HostRecorder {
  readonly #environments: Pick<Environments, 'interpreter'>;
  /** Versions by path and time of change. */
  readonly #versions = new Map<string, Promise<string | null>>();

  constructor(environments: Pick<Environments, 'interpreter'>) {
    this.#environments = environments;
  }

  /**
   * The machine now, with the Python that the steps run. Never fails.
   *
   * @param named the Python that was named for them, if one was
   */
  async record(definition: PipelineDefinition, named: string | null): Promise<Host> {
    return {
      platform: process.platform,
      arch: process.arch,
      cpu: os.cpus()[0]?.model.trim() ?? '',
      cores: os.availableParallelism(),
      threads: process.env.OMP_NUM_THREADS ?? null,
      python: await this.#python(definition, named),
    };
  }

  async #python({ requirements, steps }: PipelineDefinition, named: string | null): Promise<string | null> {
    if (requirements !== null) return kindOf(requirements) === 'conda' ? null : this.#ask(undefined);
    const run = steps
      .flatMap(({ commands }) => commands.map(([program = '']) => program))
      .find(program => PYTHON.test(path.basename(program, '.exe')));
    const place = run === undefined || path.isAbsolute(run) ? run : (named ?? findProgram(run));
    const real = place && realOf(place);
    if (!real) return null;
    const known = this.#versions.get(real) ?? this.#ask(place);
    this.#versions.set(real, known);
    return known;
  }

  async #ask(python: string | undefined): Promise<string | null> {
    try {
      const { implementation, version } = await this.#environments.interpreter(python);
      return `${implementation} ${version.join('.')}`;
    } catch {
      return null;
    }
  }
}

/** Names a program as it is now; undefined when it is not there. */
function realOf(place: string): string | undefined {
  try {
    const real = realpathSync(place);
    return `${real} ${statSync(real).mtimeMs}`;
  } catch {
    return undefined;
  }
}
