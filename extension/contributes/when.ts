import type { ContextKey, ContextValues, ViewId } from './names.ts';

declare const clause: unique symbol;
/** A `when` clause that was built from known names. */
export type When = string & { readonly [clause]: true };

const make = (text: string) => text as When;

/** The context key has this value; with a boolean, the key alone. */
export function context<Key extends ContextKey>(key: Key, value: ContextValues[Key]): When {
  if (typeof value === 'boolean') return make(value ? key : `!${key}`);
  return make(`${key} == ${value}`);
}

export const inView = (view: ViewId): When => make(`view == ${view}`);
/** The tree item's kind (its `contextValue`) matches. */
export const item = (kind: RegExp): When => make(`viewItem =~ ${kind}`);
export const file = (name: RegExp): When => make(`resourceFilename =~ ${name}`);
export const all = (...parts: When[]): When => make(parts.join(' && '));
export const not = (part: When): When => make(`!(${part})`);

/** The editor's own keys. */
export const trusted = make('isWorkspaceTrusted');
export const folderOpen = make('workbenchState != empty');
/** A Python file is in front. */
export const inPython = make('editorLangId == python');
export const never = make('false');
