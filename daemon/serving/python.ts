import path from 'node:path';
import { execa } from 'execa';
import { ApiError } from '../contract/errors.ts';
import type { FindPython } from './service.ts';

const CANDIDATES = process.platform === 'win32' ? ['python', 'py'] : ['python3', 'python'];

/** The first Python on the PATH. @throws ApiError TEMPORARILY_UNAVAILABLE when there is none */
export const pythonOnPath: FindPython = async version => {
  for (const candidate of CANDIDATES) {
    const { stdout, failed } = await execa(candidate, ['-c', 'import sys; print(sys.executable)'], {
      reject: false,
      timeout: 10_000,
      env: { PATH: process.env.PATH },
      extendEnv: false,
    });
    if (!failed && path.isAbsolute(stdout.trim())) return stdout.trim();
  }
  throw new ApiError(
    'TEMPORARILY_UNAVAILABLE',
    `${version.name} version ${version.version} needs Python, and none is on the PATH; install Python 3.10 or newer.`,
  );
};
