// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the messages show the syntax they are about
/** `${name}` references to parameters, by DVC's rules. */

const REFERENCE = /(?<!\\)\$\{([^}]*)\}/g;
const NAME = /^[\p{L}_][\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_-]+|\[\d+\])*$/u;

/** A reference that cannot be filled in. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/**
 * The value behind a dotted name such as `features.lags[0]`.
 *
 * @returns undefined when there is none
 */
function lookUp(params: unknown, name: string): unknown {
  let value = params;
  for (const part of name.split(/[.[\]]+/).filter(Boolean)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** Every leaf of nested parameters under its dotted name; lists are leaves. */
export function flatten(params: unknown, prefix = ''): Record<string, unknown> {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    return prefix === '' ? {} : { [prefix]: params };
  }
  return Object.assign(
    {},
    ...Object.entries(params).map(([key, value]) => flatten(value, prefix === '' ? key : `${prefix}.${key}`)),
  );
}

function resolve(reference: string, params: unknown, suggest: (name: string) => string): unknown {
  const name = reference.trim();
  if (!NAME.test(name)) {
    throw new TemplateError(
      `\${${reference}} is not a parameter name`,
      'Write ${name}, ${group.name} or ${list[0]}; \\${ is a literal ${.',
    );
  }
  const value = lookUp(params, name);
  if (value === undefined) throw new TemplateError(`there is no parameter “${name}”`, suggest(name));
  return value;
}

/**
 * Fills in a string. A string that is one whole reference keeps the parameter's type; otherwise values become text, and
 * only strings, numbers and booleans can.
 *
 * @param suggest makes the remedy for an unknown name
 * @throws TemplateError
 */
export function fill(text: string, params: unknown, suggest: (name: string) => string): unknown {
  const whole = /^\$\{([^}]*)\}$/.exec(text);
  if (whole) return resolve(whole[1] ?? '', params, suggest);
  const filled = replaceUpToLastBrace(text, REFERENCE, (_, reference) =>
    toText(reference, resolve(reference, params, suggest)),
  );
  return filled.replaceAll('\\${', '${');
}

/** Fills in every text of a value, lists and mappings included. @throws TemplateError */
export function fillAll(value: unknown, params: unknown, suggest: (name: string) => string): unknown {
  if (typeof value === 'string') return fill(value, params, suggest);
  if (Array.isArray(value)) return value.map(each => fillAll(each, params, suggest));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, fillAll(each, params, suggest)]),
  );
}

/**
 * Replaces what begins with `${` and ends with `}`. Beyond the last `}` the end of each `${` would be looked for in vain,
 * all through the rest of the text, which takes minutes in a text of nothing but `${`.
 */
export function replaceUpToLastBrace(
  text: string,
  pattern: RegExp,
  by: (whole: string, reference: string) => string,
): string {
  const end = text.lastIndexOf('}') + 1;
  return text.slice(0, end).replace(pattern, by) + text.slice(end);
}

/** Like `fill`, where only text makes sense (a path, a word of a command). */
export function fillText(text: string, params: unknown, suggest: (name: string) => string): string {
  const value = fill(text, params, suggest);
  return typeof value === 'string' ? value : toText(text, value);
}

function toText(reference: string, value: unknown): string {
  if (value === null || typeof value === 'object') {
    const kind = value === null ? 'empty' : Array.isArray(value) ? 'a list' : 'a group of parameters';
    throw new TemplateError(`“${reference}” is ${kind} and cannot become text`, 'Name one of its values.');
  }
  return String(value);
}
