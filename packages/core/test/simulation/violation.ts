import type { RunEvent } from '@vltair/protocol';

/** The numbers of the invariants, and what they say; docs/simulation.md explains them. */
export const invariants = {
  SI0: 'nothing throws where nobody expects it',
  SI1: 'every run ends, or waits for a named thing',
  SI2: 'nothing starts after a stop',
  SI3: 'a recorded effect never runs again',
  SI4: 'an ambiguous effect runs again only as its policy says',
  SI5: 'every call has a durable intent of its own, and is sent in time',
  SI6: 'a result is durable before anything that follows from it leaves the process',
  SI7: 'no call starts unless its reservation fits',
  SI8: 'reservations settle to zero',
  SI9: 'what a worker believes is the fold of the log',
  SI10: 'verified replay is empty, and the chain holds',
  SI11: 'order respects needs',
  SI12: 'an old epoch never writes',
  SI13: 'finally nodes run once, after everything else',
  SI14: 'a command is applied at most once, and answered',
  SI15: 'attempts of a visit follow each other, within their bounds',
  SI16: 'a run that has ended decides nothing',
  SI17: 'a run outlives its children',
  SI18: 'a call that needs a yes has one, of its own, in time',
  SI19: 'a visit that has a deadline does not go on after it',
  SI20: 'compensations run one at a time, the youngest first',
  SI21: 'a loop leads back to a node that is always done before',
  SI22: 'a claim begins the next incarnation of every attempt in flight',
  SI23: 'the stop of an attempt is recorded when its agent does nothing any more, or has outlived its grace',
  SI24: 'a timer that has fired does not fire again',
  SI25: 'a child begins when the log of the run above it calls for it',
} as const;

/** What must never be, was. `id` is the number of the invariant. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly id: string;

  constructor(id: string, detail: string) {
    super(`${id}: ${detail}`);
    this.id = id;
  }
}

/** @throws Violation */
export function fail(
  id: keyof typeof invariants,
  { run }: { readonly run: string },
  event: RunEvent | undefined,
  detail: string,
): never {
  const where = event === undefined ? run : `${run} at seq ${event.seq} (${event.payload.type})`;
  throw new Violation(id, `${where}: ${detail}`);
}
