/** Contexts, by which Aim and FastTrackML tell points of one key apart; here the key does. */

/** What a context adds to a key: `/subset:val` for `{"subset": "val"}`, nothing for an empty one. */
export function contextSuffix(context: object): string {
  return keyCharacters(
    Object.entries(context)
      .map(([name, value]) => `/${name}:${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(''),
  );
}

/** A text with `_` for each character that no key can have. */
export function keyCharacters(text: string): string {
  return text.replace(/[^/\p{L}\p{N}_.\- :]/gu, '_');
}
