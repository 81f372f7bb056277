/** Whether the rules keep plain changes of a model from doing what its stages are guarded against. */
import type { ModelRules, RegistryRules } from '../contract/rules.ts';
import { rulesOf, whyUnreadable } from './rules.ts';

/** How the rules bind those who rename or delete a model, or point its aliases. */
export interface Binding {
  /** Of the model; null when it has none, or they cannot be read. */
  readonly rules: ModelRules | null;
  /** Why versions in Staging and Production stay as they are, in words; null when nothing keeps anybody. */
  readonly because: string | null;
}

/** How a model is bound. Rules that cannot be read bind: nobody can say what they ask. */
export function bindingOf(all: RegistryRules, model: string): Binding {
  const unreadable = whyUnreadable(all);
  if (unreadable !== undefined) return { rules: null, because: `its rules cannot be read: ${unreadable}` };
  const rules = rulesOf(all, model);
  return { rules, because: rules?.enforce ? 'its rules are enforced' : null };
}

/** Whether rules compare versions with the one in Production. */
export function compares({ stages }: ModelRules): boolean {
  return Object.values(stages).some(
    ({ gates, signature }) => signature || gates.some(gate => gate.includes('champion.')),
  );
}
