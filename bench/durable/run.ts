// The benchmarks of the durable core. A table on stdout, progress on stderr; the JSON goes into a file, or to stdout.
//   node bench/durable/run.ts [--peers] [--rounds 5] [--seconds 2] [--only NAME ...] [--skip-recovery] [--json [FILE]]
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { OWN_CONTENDERS, PEER_CONTENDERS, type ContenderEntry } from './contenders.ts';
import { installPeers } from './install-peers.ts';
import { resultTable } from './result-table.ts';
import { resultSchema } from './result.ts';

const USUAL_FILE = join(import.meta.dirname, '..', 'results', 'latest.json');

const { values, positionals } = parseArgs({
  options: {
    peers: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string', multiple: true, default: [] },
    'skip-recovery': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

function chosen(): readonly ContenderEntry[] {
  const all = [...OWN_CONTENDERS, ...(values.peers ? PEER_CONTENDERS : [])];
  const unknown = values.only.find((name) => !all.some((entry) => entry.name === name));
  if (unknown !== undefined)
    throw new RangeError(`no contender '${unknown}'; contenders: ${all.map(({ name }) => name).join(', ')}`);
  return values.only.length === 0 ? all : all.filter(({ name }) => values.only.includes(name));
}

const begun = performance.now();
function progress(sentence: string): void {
  console.error(`${((performance.now() - begun) / 1_000).toFixed(0).padStart(4)} s  ${sentence}`);
}

if (values.peers) await installPeers(progress);
const campaign = {
  contenders: chosen(),
  rounds: Number(values.rounds),
  secondsEach: Number(values.seconds),
  skipRecovery: values['skip-recovery'],
};
const result = resultSchema.parse(await runCampaign({ ...campaign, progress }));
const text = `${JSON.stringify(result, null, 2)}\n`;
const [file = USUAL_FILE] = positionals;
if (values.json && positionals.length === 0) process.stdout.write(text);
else {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(`${resultTable(result)}\n\nJSON: ${file}`);
}
