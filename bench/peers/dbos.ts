// DBOS Transact: a registered workflow of five steps on a PostgreSQL database that is made for the bench.
import { randomBytes } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import pg from 'pg';
import { serveContender, type Contender } from '../durable/serve-contender.ts';
import { act, STEPS } from './act.ts';
import { versionOf } from './version-of.ts';

/** A server on which we may make a database. */
const SERVER = process.env['BENCH_DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

const fiveSteps = DBOS.registerWorkflow(
  async () => {
    let done = 0;
    for (const step of STEPS) {
      await DBOS.runStep(() => act(step), { name: step });
      done += 1;
    }
    return done;
  },
  { name: 'five-steps' },
);

async function openContender(): Promise<Contender> {
  const name = `vltair_bench_${randomBytes(6).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name}`);
  const url = new URL(SERVER);
  url.pathname = `/${name}`;
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url.href, logLevel: 'error', runAdminServer: false });
  await DBOS.launch();
  return {
    about: {
      engine: 'DBOS',
      version: versionOf('@dbos-inc/dbos-sdk'),
      store: `PostgreSQL ${await onServer('SHOW server_version')}, synchronous_commit=${await onServer('SHOW synchronous_commit')}, fsync=${await onServer('SHOW fsync')}`,
      fsync:
        'the PostgreSQL server, at every commit: one for each step, one at the start and one at the end of a workflow',
      processes: ['workflows and caller in one process', 'the PostgreSQL server'],
      concurrency: 'its default pool of 10 connections',
    },
    runOne: async () => {
      const done = await fiveSteps();
      if (done !== STEPS.length) throw new RangeError(`a workflow made ${done} steps`);
    },
    close: async () => {
      await DBOS.shutdown();
      await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** The first column of the first row. */
async function onServer(statement: string): Promise<string> {
  const client = new pg.Client({ connectionString: SERVER });
  await client.connect();
  try {
    const { rows } = await client.query({ text: statement, rowMode: 'array' });
    return String(rows[0]?.[0]).split(' ')[0] ?? '';
  } finally {
    await client.end();
  }
}

await serveContender(openContender);
