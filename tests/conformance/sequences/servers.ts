/** The two servers that are compared call by call: MLflow's newest and the daemon. */
import path from 'node:path';
import { startDaemon } from '../../support/daemon.ts';
import { startMlflowServer } from '../../support/mlflow-server.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';
import type { Players } from './play.ts';

/** Starts both on empty stores. `dispose` ends them and removes what they kept. */
export async function startPlayers(): Promise<Players & { dispose(): Promise<void> }> {
  const python = await ensurePythonEnvironment(path.join(import.meta.dirname, '../requirements-mlflow3.txt'));
  const [server, daemon] = await Promise.all([startMlflowServer(python), startDaemon()]);
  return {
    upstream: { url: server.url, headers: {} },
    ours: { url: daemon.url, headers: { authorization: `Bearer ${daemon.secrets.tracking}` } },
    dispose: async () => {
      await Promise.all([server.dispose(), daemon.dispose()]);
    },
  };
}
