/**
 * The URL of another program of the daemon (a worker thread, a model server) that stands beside `base`: the source file
 * when running from sources, the bundle when running from `dist/`.
 *
 * @param base `import.meta.url` of the caller
 * @param name file name without ending
 */
export function entry(base: string, name: string): URL {
  return new URL(base.endsWith('.ts') ? `./${name}.ts` : `./${name}.mjs`, base);
}
