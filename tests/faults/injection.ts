// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
/** N6: whatever text goes into names, parameters, paths and variables, none of it is ever run. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { ApiError } from '../../daemon/contract/errors.ts';
import { type Execution, planExecution, startExecution } from '../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { ended, log, write } from '../support/pipelines.ts';
import { BUILT_CLI, BUILT_MAIN } from '../support/programs.ts';
import { atLeast, type Check, none } from './check.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** The one file that runs a shell, for the commands of a dvc.yaml, which are its own. */
const SHELL_OF_DVC = /^daemon\/pipelines\/dvc\//;

/** Texts that would make a file if anything took them for code. @param file the file */
const payloads = (file: string): string[] => [
  `; touch ${file}`,
  `& touch ${file} &`,
  `&& touch ${file}`,
  `|| touch ${file}`,
  `| touch ${file}`,
  `\ntouch ${file}\n`,
  `\r\ntouch ${file}\r\n`,
  `$(touch ${file})`,
  `\`touch ${file}\``,
  `"; touch ${file}; "`,
  `'; touch ${file}; '`,
  `'$(touch ${file})'`,
  `"$(touch ${file})"`,
  `\\"; touch ${file}; \\"`,
  `$\{IFS};touch$\{IFS}${file}`,
  `{touch,${file}}`,
  `<(touch ${file})`,
  `> ${file}`,
  `>> ${file}`,
  `1>${file}`,
  `x;touch\t${file}`,
  `-c "touch ${file}"`,
  `--upload-pack=touch ${file}`,
  `--config=core.fsmonitor="touch ${file}"`,
  `-oProxyCommand=touch ${file}`,
  `ext::sh -c touch% ${file}`,
  `__import__('os').system('touch ${file}')`,
  `{{ self.__init__.__globals__.os.system('touch ${file}') }}`,
  `$\{jndi:ldap://127.0.0.1/${file}}`,
  `!!python/object/apply:os.system ["touch ${file}"]`,
  `process.mainModule.require('fs').writeFileSync('${file}', '')`,
  `a]; require('fs').writeFileSync('${file}', ''); //`,
  `%0atouch ${file}`,
  `\u0000; touch ${file}`,
  `& echo > ${file}`,
  `^& copy nul ${file}`,
  `%COMSPEC% /c copy nul ${file}`,
  `@(touch ${file})`,
  `() { :;}; touch ${file}`,
  `~/../../../../../bin/touch ${file}`,
];

/** Where such a text is put; each is refused, or goes through as what it is. */
const places: Readonly<Record<string, (there: Place, text: string) => Promise<unknown>>> = {
  'a parameter in a command': ({ run }, text) =>
    run(
      { steps: { a: { run: ['printf', '%s', '${p}'].join(' '), params: ['p'] } } },
      { p: JSON.stringify(text) },
      text,
    ),
  'a word of a command': ({ run }, text) => run({ steps: { a: { run: `printf %s ${quoted(text)}` } } }),
  'a whole command': ({ run }, text) => run({ steps: { a: { run: text } } }),
  'a variable': ({ run }, text) =>
    run({ steps: { a: { run: 'true', env: { V: text, BASH_ENV: text, ENV: text } } } }),
  'the name of a variable': ({ run }, text) => run({ steps: { a: { run: 'true', env: { [text]: 'x' } } } }),
  'the name of a step': ({ run }, text) => run({ steps: { [text]: { run: 'true' } } }),
  'the name of a pipeline': ({ run }, text) => run({ name: text, steps: { a: { run: 'true' } } }),
  'an output': ({ run }, text) => run({ steps: { a: { run: 'true', outs: [text] } } }),
  'a dependency': ({ run }, text) => run({ steps: { a: { run: 'true', deps: [text] } } }),
  'a folder': ({ run }, text) => run({ steps: { a: { run: 'true', cwd: text } } }),
  'a gate': ({ run }, text) => run({ steps: { a: { run: 'true', gates: [text] } } }),
  'a condition': ({ run }, text) => run({ steps: { a: { run: 'true', when: text } } }),
  'a mutex': ({ run }, text) => run({ steps: { a: { run: 'true', mutex: text } } }),
  'a file of requirements': ({ run }, text) => run({ env: { python: text }, steps: { a: { run: 'true' } } }),
  'a registered model': ({ run }, text) => run({ steps: { a: { run: 'true', model: { register: text } } } }),
  'the name of a run': ({ wire }, text) =>
    wire.call('POST', 'runs/create', {
      experiment_id: '0',
      run_name: text,
      tags: [{ key: 'mlflow.user', value: text }],
    }),
  'the name of an experiment': ({ wire }, text) => wire.call('POST', 'experiments/create', { name: text }),
  'a version and its source': async ({ wire }, text) => {
    await wire.call('POST', 'registered-models/create', { name: text });
    return wire.call('POST', 'model-versions/create', { name: text, source: text });
  },
  'a model that is asked': ({ wire }, text) =>
    wire.send('POST', `/serve/${encodeURIComponent(text)}/invocations`, '{}', {
      'content-type': 'application/json',
    }),
  'an artifact': ({ wire }, text) =>
    wire.send('PUT', `/api/2.0/mlflow-artifacts/artifacts/${encodeURIComponent(text)}`, 'x'),
};

export const injection: Check = {
  id: 'N6',
  title: 'no text in a name, parameter, path or variable is ever run',
  ordinary: [
    { files: 'tests/daemon/pipelines/execution.test.ts', grep: 'words to the program exactly|no secret' },
  ],
  trial: {
    // A whole round puts each text into each place.
    counts: { full: 40, quick: 10, test: 3 },
    run: async count => {
      const place = testPlace();
      const daemon = await startDaemon({ place, main: BUILT_MAIN });
      const seen = { tried: 0, defects: 0, changed: 0 };
      try {
        const canary = path.join(place.workspace, 'canary');
        const there = new Place(daemon, changed => {
          seen.changed += changed;
        });
        for (const text of payloads(canary).slice(0, count)) {
          for (const put of Object.values(places)) {
            seen.tried += 1;
            await put(there, text).catch((error: unknown) => {
              if (!(error instanceof ApiError) || error.status >= 500) seen.defects += 1;
            });
          }
          await atTheTerminal(daemon, text);
        }
        const made = globSync('**/*canary*', { cwd: place.workspace, exclude: ['.modelthat/**'] });
        return {
          'texts put somewhere': atLeast(seen.tried, count * Object.keys(places).length),
          'files that they made': none(made.filter(name => path.basename(name) === 'canary').length),
          'words that reached a program changed': none(seen.changed),
          'answers that tell of a defect': none(seen.defects),
          'places in the sources that start a shell': none(shells().length),
        };
      } finally {
        await daemon.stop();
        place.remove();
      }
    },
  },
};

/** A daemon, and ways to put texts into it. */
class Place {
  readonly wire: MlflowWire;
  readonly #daemon: TestDaemon;
  readonly #changed: (count: number) => void;

  constructor(daemon: TestDaemon, changed: (count: number) => void) {
    this.#daemon = daemon;
    this.#changed = changed;
    this.wire = new MlflowWire(daemon);
  }

  /** Runs a definition to its end. @param printed what the step `a` has to print, if that is known */
  readonly run = async (
    definition: object,
    set: Record<string, string> = {},
    printed?: string,
  ): Promise<Execution> => {
    const file = write(this.#daemon, 'modelthat.yaml', stringify(definition));
    write(this.#daemon, 'params.yaml', 'p: nothing');
    await this.#daemon.client.call(planExecution, { body: { file, set } });
    const { id } = await this.#daemon.client.call(startExecution, { body: { file, set } });
    const execution = await ended(this.#daemon, id);
    if (printed !== undefined && execution.exitCode === 0)
      this.#changed((await log(this.#daemon, id, 'a')) === printed ? 0 : 1);
    return execution;
  };
}

/** The same by the command line, as its arguments. */
async function atTheTerminal({ place }: TestDaemon, text: string): Promise<void> {
  if (text.includes('\u0000')) return;
  const options = { cwd: place.workspace, env: place.env, reject: false } as const;
  await Promise.all(
    [
      ['run', text],
      ['plan', '--set', `p=${text}`],
      ['executions', 'show', text],
    ].map(args => execa(process.execPath, [BUILT_CLI, ...args], options)),
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** Lines of the product that hand a text to a shell. */
function shells(): string[] {
  const starts = /shell:\s*true|\bexecSync\(|[{,]\s*exec\s*[,}].*node:child_process/;
  return globSync('{daemon,extension}/**/*.ts', { cwd: root }).flatMap(file =>
    SHELL_OF_DVC.test(file)
      ? []
      : readFileSync(path.join(root, file), 'utf8')
          .split('\n')
          .filter(line => starts.test(line))
          .map(line => `${file}: ${line}`),
  );
}
