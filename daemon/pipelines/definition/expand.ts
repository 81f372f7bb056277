/** Groups of steps: what `foreach` and `matrix` make of one entry. Members are named as DVC names them. */
import { ValueError } from './attempts.ts';

/** One step of a group. */
export interface Member {
  /** What follows the `@` in its name. */
  readonly key: string;
  /** What `${item}` stands for in its entry. */
  readonly item: unknown;
  /** Whether `${key}` stands for its key there. */
  readonly hasKey: boolean;
}

/** The most steps that one entry may stand for. */
export const MAX_MEMBERS = 10_000;

const JOIN = '@';

/** The name of a member: `train@cnn`. */
export function memberName(group: string, key: string): string {
  return `${group}${JOIN}${key}`;
}

/** The steps that a name stands for: the step of that name, or all members of the group. */
export function selected(name: string, steps: readonly string[]): string[] {
  return steps.includes(name) ? [name] : steps.filter(step => step.startsWith(memberName(name, '')));
}

/** Parameters as a member's entry sees them. */
export function withMember(
  params: Readonly<Record<string, unknown>>,
  { key, item, hasKey }: Member,
): Record<string, unknown> {
  return { ...params, item, ...(hasKey && { key }) };
}

/** How a value is written in a name, by its place in its list, and the axis that the list is. */
type AsText = (value: unknown, index: number, axis?: string) => string;

/**
 * The members of `foreach`: keyed by the values of a list, by their position when one of them is a list or a mapping, and
 * by the keys of a mapping. Equal keys give one member, with the last value.
 *
 * @throws ValueError when there are too many
 */
export function expandForeach(
  data: readonly unknown[] | Readonly<Record<string, unknown>>,
  asText: AsText = String,
): Member[] {
  if (!isList(data)) return members(Object.entries(data), true);
  const composite = data.some(isComposite);
  return members(
    data.map((item, index) => [composite ? String(index) : asText(item, index), item]),
    false,
  );
}

/**
 * The members of `matrix`: each combination of the axes' values, those of the last axis next to each other. In a key a list
 * or mapping is written as its axis and position: `model0-0.1`.
 *
 * @throws ValueError when there are too many
 */
export function expandMatrix(
  axes: Readonly<Record<string, readonly unknown[]>>,
  asText: AsText = String,
): Member[] {
  refuseMany(Object.values(axes).reduce((size, values) => size * values.length, 1));
  let combinations: { fragments: string[]; item: Record<string, unknown> }[] = [{ fragments: [], item: {} }];
  for (const [axis, values] of Object.entries(axes)) {
    const choices = values.map((value, index) => ({
      value,
      fragment: isComposite(value) ? `${axis}${index}` : asText(value, index, axis),
    }));
    combinations = combinations.flatMap(({ fragments, item }) =>
      choices.map(({ value, fragment }) => ({
        fragments: [...fragments, fragment],
        item: { ...item, [axis]: value },
      })),
    );
  }
  return members(
    combinations.map(({ fragments, item }) => [fragments.join('-'), item]),
    true,
  );
}

function members(entries: readonly (readonly [string, unknown])[], hasKey: boolean): Member[] {
  refuseMany(entries.length);
  return [...new Map(entries)].map(([key, item]) => ({ key, item, hasKey }));
}

function refuseMany(count: number): void {
  if (count <= MAX_MEMBERS) return;
  throw new ValueError(`this makes ${count} steps`, `Make at most ${MAX_MEMBERS} of one entry.`);
}

/** `Array.isArray` does not narrow read-only lists. */
function isList(data: unknown): data is readonly unknown[] {
  return Array.isArray(data);
}

function isComposite(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
