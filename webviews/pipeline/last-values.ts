import { type ParameterType, writtenText } from '../../daemon/contract/parameters.ts';
import type { ExecutionLink } from '../../daemon/contract/pipeline-messages.ts';

/** A value that a parameter was given when it was last overridden. */
export interface LastValue {
  readonly value: string;
  /** Of the execution. */
  readonly number: number;
}

/** What each parameter was last set to, by path. @param executions newest first */
export function lastValues(
  executions: readonly Pick<ExecutionLink, 'number' | 'set'>[],
  typeOf: (path: string) => ParameterType,
): ReadonlyMap<string, LastValue> {
  const last = new Map<string, LastValue>();
  for (const { number, set } of executions)
    for (const [path, override] of Object.entries(set))
      if (!last.has(path)) last.set(path, { value: writtenText(typeOf(path), override), number });
  return last;
}
