import { join } from 'node:path';
import { whyNoServer } from './bench-database.ts';

/** A contender that the bench can start. */
export interface ContenderEntry {
  readonly name: string;
  readonly script: string;
  /** What follows the directory on its command line. */
  readonly words: readonly string[];
  /** Workflows in flight, for each of its loads. */
  readonly levels: readonly number[];
  /** The peers that it is held against, by name. */
  readonly rivals: readonly string[];
  /** Why it cannot run on this machine, so that it is left out; `undefined` where it can. */
  readonly whyNot?: () => Promise<string | undefined>;
}

const OURS = join(import.meta.dirname, 'vltair', 'contender.ts');
const PEERS = join(import.meta.dirname, '..', 'peers');

export const OWN_CONTENDERS: readonly ContenderEntry[] = [
  {
    name: 'vltair-sqlite',
    script: OURS,
    words: ['sqlite'],
    levels: [1, 50, 500],
    rivals: ['langgraph', 'dbos', 'restate'],
  },
  // Held against the peer on the same server.
  {
    name: 'vltair-postgres',
    script: OURS,
    words: ['postgres'],
    levels: [1, 50, 500],
    rivals: ['dbos'],
    whyNot: whyNoServer,
  },
];

/** Installed in bench/peers, by `npm run bench:peers`. Mastra syncs no step, so that nothing is held against it. */
export const PEER_CONTENDERS: readonly ContenderEntry[] = ['langgraph', 'dbos', 'restate', 'mastra'].map((name) => ({
  name,
  script: join(PEERS, `${name}.ts`),
  words: [],
  levels: [1, 50],
  rivals: [],
  ...(name === 'dbos' ? { whyNot: whyNoServer } : {}),
}));
