/**
 * Descriptors that this process was started with and that its children would inherit in turn.
 *
 * Node marks what it opens itself as closed on exec, but a shell, an editor or a CI service may have left others open
 * (a pipe, a socket, a job server): a sandboxed command must not get them.
 */
import { readFileSync, readdirSync } from 'node:fs';

const CLOSE_ON_EXEC = 0o2000000;
/** Standard streams are replaced at every start anyway. */
const FIRST_EXTRA = 3;

let found: readonly number[] | undefined;

/** Numbers from 3 on that would leak; found once, because a process gains none of them later. */
export function inheritedDescriptors(): readonly number[] {
  found ??= readdirSync('/proc/self/fd')
    .map(Number)
    .filter((descriptor) => descriptor >= FIRST_EXTRA && !closesOnExec(descriptor));
  return found;
}

function closesOnExec(descriptor: number): boolean {
  try {
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${String(descriptor)}`, 'utf8'))?.[1];
    return (Number.parseInt(flags ?? '0', 8) & CLOSE_ON_EXEC) !== 0;
  } catch {
    return true; // the descriptor of the listing itself, closed by now
  }
}
