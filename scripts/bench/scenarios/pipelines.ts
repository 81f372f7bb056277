/** Pipelines: the same dvc.yaml files run and planned by the daemon and by DVC. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { copyingStages, Dvc, makeProject, startRunner } from '../dvc.ts';
import { residentMb } from '../memory.ts';
import { scenario } from '../scenario.ts';

const GIVE_UP_SECONDS = 600;
const MB = 1 << 20;

const figure = (name: string, unit = 'ms') => ({ name, unit, better: 'less' }) as const;
const counted = (count: number) => count.toLocaleString('en');

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export const upToDate = scenario({
  name: 'up-to-date',
  about:
    'deciding that nothing is to do for pipelines of stages that are up to date, beside dvc repro and dvc status',
  contestants: ['modelthat', 'DVC'],
  sizes: { quick: { counts: [10, 100], rounds: 1 }, full: { counts: [10, 100, 1_000], rounds: 3 } },
  seconds: 240,
  async measure(session, { counts, rounds }) {
    const dvc = await Dvc.open(session.folder('dvc'));
    const runner = await startRunner(session);
    for (const count of counts) {
      const project = await makeProject(dvc, runner, `stages-${count}`, copyingStages(count));
      const file = path.join(project, 'dvc.yaml');
      await runner.run(file);
      // DVC takes what we ran for run; the first time it makes its own digests.
      await dvc.run(project, ['status'], session.signal);
      for (let round = 0; round < rounds; round += 1) {
        const [plan, status] = [
          figure(`${counted(count)} stages`),
          figure(`${counted(count)} stages, dvc status`),
        ];
        session.add(plan, 'modelthat', await timed(() => runner.plan(file)));
        const repro = (signal: AbortSignal) => dvc.run(project, ['repro'], signal);
        await session.timed(plan, 'DVC', GIVE_UP_SECONDS, repro);
        session.add(status, 'DVC', await timed(() => dvc.run(project, ['status'], session.signal)));
      }
    }
  },
});

export const parallel = scenario({
  name: 'parallel',
  about: '20 stages that sleep and do not need each other',
  contestants: ['modelthat', 'DVC'],
  sizes: { quick: { count: 4, sleep: 0.2 }, full: { count: 20, sleep: 1 } },
  seconds: 60,
  async measure(session, { count, sleep }) {
    const dvc = await Dvc.open(session.folder('dvc'));
    const runner = await startRunner(session);
    const stages = Array.from(
      { length: count },
      (_, n) => `  s${n}:\n    cmd: sleep ${sleep} && echo > o${n}\n    outs: [o${n}]\n`,
    );
    const files = { 'dvc.yaml': `stages:\n${stages.join('')}` };
    const whole = figure(`${count} stages of ${sleep} s`, 's');
    const [ours, theirs] = [
      await makeProject(dvc, runner, 'ours', files),
      await makeProject(dvc, runner, 'theirs', files),
    ];
    session.add(whole, 'modelthat', (await timed(() => runner.run(path.join(ours, 'dvc.yaml')))) / 1000);
    session.add(whole, 'DVC', (await timed(() => dvc.run(theirs, ['repro'], session.signal))) / 1000);
  },
});

export const largeInputs = scenario({
  name: 'large-inputs',
  about:
    'planning with a folder of 100,000 files and with a file of 5 GB as dependencies, the first and the second time',
  contestants: ['modelthat', 'DVC'],
  sizes: { quick: { files: 1_000, megabytes: 64 }, full: { files: 100_000, megabytes: 5_120 } },
  seconds: 240,
  async measure(session, { files, megabytes }) {
    const dvc = await Dvc.open(session.folder('dvc'));
    const runner = await startRunner(session);
    const stage = 'stages:\n  use:\n    cmd: echo used > used.txt\n    deps: [data]\n    outs: [used.txt]\n';
    const cases = [
      { name: `${counted(files)} files`, fill: (place: string) => fillFolder(place, files) },
      { name: `${counted(megabytes)} MB`, fill: (place: string) => fillFile(place, megabytes) },
    ];
    for (const { name, fill } of cases) {
      const project = await makeProject(dvc, runner, name.replaceAll(/\W/g, '-'), { 'dvc.yaml': stage });
      fill(path.join(project, 'data'));
      const file = path.join(project, 'dvc.yaml');
      for (const time of ['first', 'second']) {
        const figureOf = figure(`${name}, ${time} time`);
        session.add(figureOf, 'modelthat', await timed(() => runner.plan(file)));
        session.add(figureOf, 'DVC', await timed(() => dvc.run(project, ['status'], session.signal)));
        // Only what ran once is compared, and hashed.
        if (time === 'first') await runner.run(file);
      }
    }
  },
});

function fillFolder(place: string, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const folder = path.join(place, String(index % 100));
    if (index < 100) fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, `${index}.txt`), `row ${index}\n`);
  }
}

function fillFile(place: string, megabytes: number): void {
  const block = Buffer.alloc(MB, 'modelthat');
  const descriptor = fs.openSync(place, 'w');
  for (let written = 0; written < megabytes; written += 1) {
    block.writeUInt32LE(written);
    fs.writeSync(descriptor, block);
  }
  fs.closeSync(descriptor);
}

export const stepOverhead = scenario({
  name: 'step-overhead',
  about: 'what a step takes over starting its process by hand, by chains of steps that do nothing',
  contestants: ['modelthat', 'bare process'],
  sizes: { quick: { steps: 5, rounds: 1 }, full: { steps: 40, rounds: 5 } },
  seconds: 30,
  async measure(session, { steps, rounds }) {
    const runner = await startRunner(session);
    const chain = Array.from(
      { length: steps },
      (_, n) => `  s${n}: { run: "true"${n === 0 ? '' : `, after: [s${n - 1}]`} }`,
    );
    const file = path.join(runner.folder, 'workspace', 'modelthat.yaml');
    fs.writeFileSync(file, `name: chain\nsteps:\n${chain.join('\n')}\n`);
    const dvc = await Dvc.open(session.folder('dvc'));
    const stages = Array.from({ length: steps }, (_, n) => {
      const deps = n === 0 ? '' : `    deps: [o${n - 1}]\n`;
      return `  s${n}:\n    cmd: echo ${n} > o${n}\n${deps}    outs: [o${n}]\n`;
    });
    for (let round = 0; round < rounds; round += 1) {
      session.add(figure('a step'), 'modelthat', (await timed(() => runner.run(file))) / steps);
      const project = await makeProject(dvc, runner, `chain-${round}`, {
        'dvc.yaml': `stages:\n${stages.join('')}`,
      });
      session.add(
        figure('a stage of a dvc.yaml'),
        'modelthat',
        (await timed(() => runner.run(path.join(project, 'dvc.yaml')))) / steps,
      );
      const bare = await timed(async () => {
        for (let n = 0; n < steps; n += 1) await once(spawn('true', { stdio: 'ignore' }), 'exit');
      });
      session.add(figure('a step'), 'bare process', bare / steps);
    }
  },
});

export const manySteps = scenario({
  name: 'many-steps',
  about: 'planning 10,000 steps, and the memory of the daemon then',
  contestants: ['modelthat'],
  sizes: { quick: { steps: 500 }, full: { steps: 10_000 } },
  seconds: 60,
  async measure(session, { steps }) {
    const runner = await startRunner(session);
    const list = Array.from({ length: steps }, (_, n) => `  s${n}: { run: echo ${n}, outs: [out/${n}] }`);
    const file = path.join(runner.folder, 'workspace', 'modelthat.yaml');
    fs.writeFileSync(file, `name: many\nsteps:\n${list.join('\n')}\n`);
    for (const time of ['first', 'second'])
      session.add(
        figure(`${counted(steps)} steps, ${time} time`),
        'modelthat',
        await timed(() => runner.plan(file)),
      );
    session.add(
      figure(`memory after ${counted(steps)} steps`, 'MB'),
      'modelthat',
      await residentMb(runner.server.pid),
    );
  },
});
