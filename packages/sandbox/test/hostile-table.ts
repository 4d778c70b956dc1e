/** Prints what every tier makes of every hostile command: `node packages/sandbox/test/hostile-table.ts`. */
import { HOSTILE_COMMANDS } from './hostile-commands.ts';
import { tryHostileCommands } from './hostile-trial.ts';
import { PLACES, placeFault } from './tiers-under-test.ts';

process.stdout.write(
  '| as | tier | command | expected | actual | stopped | survivors |\n|---|---|---|---|---|---|---|\n',
);
for (const place of PLACES) {
  const trials = placeFault(place) ?? (await tryHostileCommands(place));
  if (typeof trials === 'string') {
    process.stdout.write(
      `| ${place.identity} | ${place.tier} | all ${String(HOSTILE_COMMANDS.length)} | | not tried: ${trials} | | |\n`,
    );
    continue;
  }
  for (const { command, observation, survivors } of trials) {
    const { status, reason, durationMs } = observation.result;
    const expected = `${command.statuses[place.tier].join(' or ')}, ${command.stoppedBy.includes(place.tier) ? 'stopped' : 'open'}`;
    const actual = `${status} (${reason}, ${String(durationMs)} ms)`;
    const stopped = command.succeeded(observation) ? 'no' : 'yes';
    process.stdout.write(
      `| ${place.identity} | ${place.tier} | ${command.name} | ${expected} | ${actual} | ${stopped} | ${String(survivors.length)} |\n`,
    );
  }
}
