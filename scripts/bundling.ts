/** How bundles differ from what esbuild makes by itself: each difference is time that a start would take. */
import fs from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Takes from Node's own modules what is used of them. An `import` of one reads all its exports, the lazy ones included:
 * that of `node:http` loads an HTTP client for its `WebSocket`.
 */
export const builtinModules: Plugin = {
  name: 'builtin-modules',
  setup(build) {
    const namespace = 'builtin';
    build.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace, sideEffects: false } : { path, external: true },
    );
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => {
      const names = Object.keys(process.getBuiltinModule(path) ?? {}).filter(
        name => /^[A-Za-z_$][\w$]*$/.test(name) && name !== 'default',
      );
      const get = (name: string) => `/* @__PURE__ */ (() => builtin.${name})()`;
      return {
        contents: [
          `const builtin = /* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(path)});`,
          'export default builtin;',
          ...names.map(name => `const _${name} = ${get(name)}; export { _${name} as ${name} };`),
        ].join('\n'),
      };
    });
  },
};

/**
 * What express brings and the daemon has no use for, by what stands in its place: it reads bodies itself, and what it
 * sends is JSON or text. Tables of encodings and of a thousand types would have to be read at each start.
 */
const unused: Readonly<Record<string, string>> = {
  'body-parser': 'module.exports = {};',
  'mime-db': `module.exports = ${JSON.stringify({
    'application/json': { charset: 'UTF-8', extensions: ['json'] },
    'text/plain': { extensions: ['txt'] },
    'text/html': { extensions: ['html'] },
  })};`,
};

export const withoutUnused: Plugin = {
  name: 'without-unused',
  setup(build) {
    const namespace = 'unused';
    const filter = new RegExp(`^(${Object.keys(unused).join('|')})$`);
    build.onResolve({ filter }, ({ path }) => ({ path, namespace }));
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: unused[path] ?? '' }));
  },
};

/** Has all files of the extension use the one object of the editor's API: each would copy its 600 names otherwise. */
export const oneEditorApi: Plugin = {
  name: 'one-editor-api',
  setup(build) {
    build.onLoad({ filter: /[\\/]extension[\\/].*\.ts$/ }, ({ path }) => ({
      contents: fs
        .readFileSync(path, 'utf8')
        .replace("import * as vscode from 'vscode';", "const vscode = require('vscode');"),
      loader: 'ts',
    }));
  },
};

/**
 * Puts what a program imports when it is needed (`import('…')`) into a file of its own. esbuild can split ES modules, and
 * would leave it in the file of a CommonJS program, which is read as a whole at its start.
 *
 * @param folders where its sources are, relative to `root`
 * @param file name of that other file, beside the program's own
 * @returns the plugin for the program, and the source of the other file
 */
export function importedLater(root: string, folders: readonly string[], file: string) {
  const wanted = folders.flatMap(folder =>
    fs.globSync(`${folder}/**/*.ts`, { cwd: root }).flatMap(source => {
      const place = path.join(root, source);
      const imports = fs.readFileSync(place, 'utf8').matchAll(/\bimport\('([^']+)'\)/g);
      return [...imports].map(([, name = '']) => moduleFrom(path.dirname(place), name));
    }),
  );
  const modules = [...new Set(wanted)].sort();
  const request = `./${file}`;
  const plugin: Plugin = {
    name: 'imported-later',
    setup(build) {
      const namespace = 'later';
      build.onResolve({ filter: /./ }, ({ path: name, kind, resolveDir }) =>
        kind === 'dynamic-import' ? { path: moduleFrom(resolveDir, name), namespace } : undefined,
      );
      build.onResolve({ filter: /./, namespace }, () => ({ path: request, external: true }));
      build.onLoad({ filter: /./, namespace }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(request)}).module${modules.indexOf(path)};`,
      }));
    },
  };
  const entry = modules.map((module, index) => `export * as module${index} from ${JSON.stringify(module)};`);
  return { plugin, entry: entry.join('\n') };
}

const moduleFrom = (folder: string, name: string) =>
  name.startsWith('.') ? path.resolve(folder, name) : name;
