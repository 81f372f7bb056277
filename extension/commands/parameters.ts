/** The parameters of a pipeline as a flat list, to look at and to override. */

/** One parameter: its dotted path and its value as `--set` takes it. */
export interface Parameter {
  readonly path: string;
  readonly value: string;
}

/** The leaves of nested parameters: `{ model: { lr: 0.1 } }` → `model.lr` = `0.1`. Lists count as one value. */
export function flattenParameters(params: unknown, prefix = ''): Parameter[] {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    return prefix ? [{ path: prefix, value: written(params) }] : [];
  }
  return Object.entries(params).flatMap(([name, value]) =>
    flattenParameters(value, prefix ? `${prefix}.${name}` : name),
  );
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
