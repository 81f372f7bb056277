/** Making experiments and runs to measure on. */
import { call, type Target } from './load.ts';
import { API, createRunBody } from './scripts.ts';

/** @returns ids of new runs */
export async function createRuns(target: Target, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const body = JSON.parse(createRunBody('0', `bench ${index}`));
    const { run } = await call<{ run: { info: { run_id: string } } }>(
      target,
      'POST',
      `${API}/runs/create`,
      body,
    );
    ids.push(run.info.run_id);
  }
  return ids;
}

/** @returns id of a new experiment */
export async function createExperiment(target: Target, name: string): Promise<string> {
  const body = { name };
  const answer = await call<{ experiment_id: string }>(target, 'POST', `${API}/experiments/create`, body);
  return answer.experiment_id;
}
