import type { Database as Connection } from 'better-sqlite3';

const MOST_PROBLEMS = 20;

export const reads = {
  /** Reads the whole database. @returns what is damaged, in SQLite's words; nothing when all is well */
  'database.check': (connection: Connection, _input: Record<string, never>): string[] => {
    const found = connection.pragma(`integrity_check(${MOST_PROBLEMS})`) as { integrity_check: string }[];
    return found.map(row => row.integrity_check).filter(problem => problem !== 'ok');
  },
};
