/** Parameters and variables of these names decide what is drawn by chance. */
const SEED = /(^|[._/-])(seed|random_state|random_seed|rng_seed)$/i;

/** Whether a parameter decides what is drawn by chance, by its name: `seed`, `model.random_state`. */
export function isSeed(name: string): boolean {
  return SEED.test(name);
}
