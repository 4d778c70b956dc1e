import { readPayload, type ExportLine, type RunEvent } from '@vltair/protocol';
import { fold, verifyExport, verifyReplay } from '../../src/index.ts';
import type { KeptRun } from './kept-histories.ts';

/** A recorded run as today's code reads it. */
export interface ReadHistory {
  readonly lines: readonly ExportLine[];
  /** None for a run whose payloads are purged: nothing is left to replay. */
  readonly events: readonly RunEvent[];
}

/** Everything in which a recorded run is not what was recorded, or today's code would decide otherwise; one line each. */
export function problemsOf(run: KeptRun, signer: string): readonly string[] {
  const history = readHistory(run, signer);
  return 'problem' in history ? [history.problem] : replayProblems(history.events, run.status);
}

/** The chain, the signature, what the index says, and every payload that is there. */
export function readHistory(run: KeptRun, signer: string): ReadHistory | { readonly problem: string } {
  const verdict = verifyExport(Buffer.from(run.text), { fingerprint: signer });
  if (verdict.kind === 'refused') return { problem: `line ${verdict.line}: ${verdict.reason}: ${verdict.detail}` };
  const { events: lines, count, status, purged } = verdict;
  if (verdict.run !== run.run || count !== run.events || status !== run.status)
    return { problem: `the index lists ${run.run}, ${run.events} events, ${run.status}` };
  try {
    const events = lines.flatMap(eventOf);
    return { lines, events: purged === 0 ? events : [] };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function eventOf({ header, payload }: ExportLine): readonly RunEvent[] {
  if (payload === undefined) return [];
  const { run, seq, ts, epoch, kind } = header;
  return [{ run, seq, ts, epoch, kind, payload: readPayload(header, payload) }];
}

/** Of a run with its events: every difference in what is decided, and an end that is another one. */
export function replayProblems(events: readonly RunEvent[], status: string): readonly string[] {
  if (events.length === 0) return [];
  try {
    return differencesIn(events, status);
  } catch (error) {
    // A rule or a reducer that throws over an old log is a difference too; the run it happens in must be told.
    return [`it cannot be replayed: ${String(error)}`];
  }
}

function differencesIn(events: readonly RunEvent[], status: string): readonly string[] {
  const differences = verifyReplay(events).map(
    ({ seq, afterFact, recorded, decided }) =>
      `event ${seq}, after ${afterFact}:\n    recorded ${JSON.stringify(recorded)}\n    decided  ${JSON.stringify(decided)}`,
  );
  const ended = fold(events)?.status;
  return ended === status ? differences : [...differences, `it ends ${String(ended)}, and was recorded as ${status}`];
}
