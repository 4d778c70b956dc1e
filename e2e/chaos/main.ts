// Faults on real parts while hundreds of runs are in flight, then the proof from the logs:
//   npm run chaos -- [--store sqlite|postgres] [--minutes 10] [--seed N] [--json]
// Smaller parts: [--faults kill-worker,slow-sync] [--every MS] [--in-flight N] [--disk MIB] [--keep].
// Exit code 1 when a check fails; what it fails on stays in the directory that is named then.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { runCampaign } from './campaign.ts';
import { reportText } from './report-text.ts';
import { storeKinds } from './settings.ts';

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'sqlite' },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
    faults: { type: 'string' },
    every: { type: 'string', default: '3000' },
    'in-flight': { type: 'string', default: '300' },
    disk: { type: 'string', default: '1024' },
    keep: { type: 'boolean', default: false },
  },
});
const number = (text: string): number => z.coerce.number().positive().parse(text);
const leaving = new AbortController();
// However often: what was mounted and started has to go.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => leaving.abort());
const say = (line: string): void => void process.stderr.write(`${line}\n`);

say(`seed ${values.seed}`);
const report = await runCampaign({
  store: z.enum(storeKinds).parse(values.store),
  durationMs: number(values.minutes) * 60_000,
  seed: values.seed,
  everyMs: number(values.every),
  inFlight: number(values['in-flight']),
  ...(values.faults === undefined ? {} : { faults: values.faults.split(',') }),
  diskSize: number(values.disk),
  isKept: values.keep,
  signal: leaving.signal,
  say,
});
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : reportText(report));
process.exitCode = report.evidence === undefined ? 0 : 1;
