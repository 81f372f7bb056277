/** The rules for stages of models, as the pipeline file at a workspace's root has them. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import type { RegistryRules } from '../contract/rules.ts';
import type { RuleSource } from '../registry/rules.ts';
import { readParams } from './definition/params.ts';
import { RegistrySource, readRegistry } from './definition/registry.ts';
import { readSource, type Source } from './definition/source.ts';
import { flatten } from './definition/template.ts';
import { ValueReader } from './definition/values.ts';
import { checkShape } from './definition/vocabulary.ts';

const FILES = ['modelthat.yaml', 'modelthat.yml'];

/** What is read of the file: the rest of it may be wrong, and the rules still hold. */
const Content = z.looseObject({
  params: z
    .union([z.string(), z.array(z.string()), z.record(z.string(), z.unknown())])
    .optional()
    .catch(undefined),
  registry: z.unknown().optional(),
});

/** Reads the rules anew each time: they are those of the moment at which a version is to move. */
export class WorkspaceRules implements RuleSource {
  readonly #workspace: string;

  /** @param workspace whose file it is */
  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  async read(): Promise<RegistryRules> {
    const file = FILES.map(name => path.join(this.#workspace, name)).find(existsSync);
    if (file === undefined) return { file: null, all: null, models: {}, problems: [] };
    const source = readSource(file);
    const rules = this.#rulesIn(source);
    const problems =
      rules === undefined ? [] : source.problems.filter(({ severity }) => severity === 'error');
    return { file, all: null, models: {}, ...rules, problems };
  }

  /** @returns undefined when the file has none; nothing where they are wrong */
  #rulesIn(source: Source): Partial<RegistryRules> | undefined {
    // Nobody can tell what else such a file says: it has rules if it looks like it.
    if (source.failed) return looksRuled(source.file) ? {} : undefined;
    const { data: content } = Content.safeParse(source.data);
    if (content?.registry === undefined) return undefined;
    const registry = checkShape(source, RegistrySource, content.registry, {
      at: ['registry'],
      synonyms: new Map(),
    });
    if (!registry) return {};
    const { params, sources } = readParams(content.params, this.#workspace);
    const names = Object.keys(flatten(params));
    const rules = readRegistry(
      source,
      registry,
      new ValueReader(source, { params, names, workspace: this.#workspace }),
    );
    // A parameter that is missing because its file is broken is told with what broke it.
    if (source.failed) source.problems.unshift(...sources.flatMap(({ problems }) => problems));
    return rules;
  }
}

function looksRuled(file: string): boolean {
  try {
    return /^\s*["']?registry["']?\s*:/m.test(readFileSync(file, 'utf8'));
  } catch {
    return true;
  }
}
