import { openSqliteStore } from '../src/journal/open-sqlite-store.ts';
import { anAppend, claimed } from './journal-builders.ts';

/** Owns the directory that is its argument and appends to four runs until it is killed; says `run seq hash` of each append once it is acknowledged. */
const [directory = ''] = process.argv.slice(2);
const store = await openSqliteStore({
  directory,
  mode: 'write',
  now: Date.now,
  onWarning: (warning) => process.stderr.write(warning),
});

async function appendForEver(run: string): Promise<never> {
  let expectedSeq = (await store.head(run))?.seq ?? 0;
  for (;;) {
    const payload = claimed(`${run} `.repeat(expectedSeq % 100 === 0 ? 20_000 : 20));
    const outcome = await store.append(anAppend(store, { run, expectedSeq, events: [{ ts: 1, payload }] }));
    if (outcome.kind !== 'appended') throw new TypeError(outcome.kind);
    expectedSeq = outcome.lastSeq;
    process.stdout.write(`${run} ${outcome.lastSeq} ${outcome.headHash}\n`);
  }
}

await Promise.all(['a', 'b', 'c', 'd'].map(appendForEver));
