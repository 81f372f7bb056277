import * as z from 'zod';
import { route } from './route.ts';
import { Empty, Time } from './values.ts';

/** Raised when a released client could no longer talk to a newer daemon, or the reverse. */
export const CONTRACT_VERSION = 1;

export const About = z.object({
  product: z.literal('modelthat'),
  version: z.string(),
  contract: z.number().int(),
  pid: z.number().int(),
  startTime: Time,
  /** Real path of the store's folder. */
  store: z.string(),
  /** Real path of the workspace whose files the daemon may run. */
  workspace: z.string(),
  /** The tracking URI for MLflow clients. */
  url: z.string(),
  sqlite: z.string(),
  node: z.string(),
});
export type About = z.infer<typeof About>;

/** Why the daemon stays up, and how busy it is. */
export const DaemonStatus = z.object({
  draining: z.boolean(),
  runningExecutions: z.number().int(),
  activeRuns: z.number().int(),
  servingProcesses: z.number().int(),
  connectedClients: z.number().int(),
  /** Schedules and triggers that are on. */
  automations: z.number().int().default(0),
  /** When it will stop by itself; null while something keeps it up. */
  idleStopAt: Time.nullable(),
});
export type DaemonStatus = z.infer<typeof DaemonStatus>;

export const getAbout = route({
  method: 'GET',
  path: '/api/v1/about',
  access: 'execution',
  summary: 'Version, store and address of this daemon',
  reply: About,
});

export const getStatus = route({
  method: 'GET',
  path: '/api/v1/status',
  access: 'tracking',
  summary: 'What keeps the daemon up',
  reply: DaemonStatus,
});

export const drainDaemon = route({
  method: 'POST',
  path: '/api/v1/daemon/drain',
  access: 'owner',
  summary: 'Take no new executions, finish what runs, then stop, so that another daemon can take over',
  body: z.object({ reason: z.string().optional() }),
  reply: Empty,
});

export const stopDaemon = route({
  method: 'POST',
  path: '/api/v1/daemon/stop',
  access: 'owner',
  summary: 'Stop now; what runs is left to the next daemon to adopt, unless cancelRunning is set',
  body: z.object({ cancelRunning: z.boolean().default(false) }),
  reply: Empty,
});

export const rotateTokens = route({
  method: 'POST',
  path: '/api/v1/tokens/rotate',
  access: 'owner',
  summary: 'Replace the owner and tracking tokens',
  body: Empty,
  reply: Empty,
});

export const checkStore = route({
  method: 'GET',
  path: '/api/v1/store/check',
  access: 'owner',
  summary: 'Read the whole database and name what is damaged',
  reply: z.object({ problems: z.array(z.string()) }),
});

export const checkArtifacts = route({
  method: 'GET',
  path: '/api/v1/store/artifacts',
  access: 'owner',
  summary: 'Where artifacts are kept, and what is in the way of keeping them there',
  reply: z.object({
    /** A folder, or s3://bucket/prefix. */
    place: z.string(),
    /** With the remedy; null when all is well. */
    problem: z.string().nullable(),
  }),
});

/** A client says that it handed the store's variables to terminals, so the daemon must stay reachable. */
export const announceClient = route({
  method: 'POST',
  path: '/api/v1/daemon/clients',
  access: 'owner',
  summary: 'Keep the daemon up for terminals of a window',
  body: z.object({ client: z.string().max(200), terminals: z.boolean() }),
  reply: Empty,
});
