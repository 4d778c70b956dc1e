import type { WaitingFor } from '@vltair/protocol';

/** What a run waits for, in a few words. */
export function waitText(wait: WaitingFor): string {
  switch (wait.kind) {
    case 'parked_effect':
      return `${wait.node}: did "${wait.key}" happen?${wait.because === undefined ? '' : ' The run was restored from a backup; its original may have gone on.'}`;
    case 'approval':
      return `${wait.node}: approval ${wait.approval}${until(wait.expiresTs)}: ${wait.message}`;
    case 'signal':
      return `${wait.node}: signal ${wait.name}${until(wait.expiresTs)}${wait.message === undefined ? '' : `: ${wait.message}`}`;
    case 'sleep':
      return `${wait.node}: sleeps${until(wait.untilTs)}`;
    case 'pause':
      return `paused by ${wait.by}: ${wait.reason}`;
  }
}

/** The same for a list, where there is little room. */
export function waitWords(wait: WaitingFor): string {
  switch (wait.kind) {
    case 'parked_effect':
      return `${wait.because === undefined ? 'parked' : `parked, ${wait.because}`}: ${wait.key}`;
    case 'approval':
      return `asks: ${wait.node}`;
    case 'signal':
      return `waits for signal ${wait.name}`;
    case 'sleep':
      return `sleeps${until(wait.untilTs)}`;
    case 'pause':
      return `paused by ${wait.by}`;
  }
}

/** The command that answers it; `undefined` when nothing has to be done. */
export function nextCommand(wait: WaitingFor, command: string, run: string): string | undefined {
  switch (wait.kind) {
    case 'parked_effect':
      return `${command} resume ${run} --parked retry (or fail)`;
    case 'approval':
      return `${command} approve ${run} ${wait.node} (or reject ${run} ${wait.node} --reason TEXT)`;
    case 'signal':
      return `${command} signal ${run} ${wait.name} --data JSON`;
    case 'pause':
      return `${command} resume ${run}`;
    case 'sleep':
      return undefined;
  }
}

function until(ts: number | undefined): string {
  return ts === undefined ? '' : ` until ${new Date(ts).toISOString()}`;
}
