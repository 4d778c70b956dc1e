import { describe, expect, it } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { HOSTILE_COMMANDS } from './hostile-commands.ts';
import { tryHostileCommands, type Trial } from './hostile-trial.ts';
import { placeFault, PLACES } from './tiers-under-test.ts';

describe.each(PLACES)('hostile commands as $identity in the $tier tier', (place) => {
  const fault = placeFault(place);
  let trials: Promise<readonly Trial[] | string> | undefined;

  it.for(HOSTILE_COMMANDS)('$name', { timeout: 60_000 }, async (command, context) => {
    verifies('AR-10');
    verifies('AR-16');
    verifies('SP-4');
    verifies('V-29');
    if (fault !== undefined) return context.skip(fault);
    trials ??= tryHostileCommands(place);
    const tried = await trials;
    if (typeof tried === 'string') return context.skip(tried);
    const trial = tried.find((candidate) => candidate.command === command);
    expect.assert(trial !== undefined);

    expect(command.statuses[place.tier], trial.observation.result.reason).toContain(trial.observation.result.status);
    expect(command.succeeded(trial.observation)).toBe(!command.stoppedBy.includes(place.tier));
    expect(trial.survivors).toEqual([]);
  });
});
