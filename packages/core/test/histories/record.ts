// Records a generation of kept histories: `npm run histories:record -- --version NAME [--simulated 500]`.
import { parseArgs } from 'node:util';
import { commandRuns } from './command-runs.ts';
import { requireNew, writeGeneration } from './kept-histories.ts';
import { simulatedRuns } from './simulated-runs.ts';

const { values } = parseArgs({
  options: { version: { type: 'string' }, simulated: { type: 'string', default: '500' } },
});
if (values.version === undefined || !/^[\w.-]+$/u.test(values.version))
  throw new TypeError('name the generation after the version that writes it: --version 1.2.3');
requireNew(values.version);
const recorded = { commands: commandRuns(), simulated: await simulatedRuns(Number(values.simulated)) };
const sizes = writeGeneration(values.version, recorded);
for (const [name, runs] of Object.entries(recorded))
  process.stdout.write(`${name}: ${runs.length} runs in ${sizes[name] ?? 0} bytes\n`);
