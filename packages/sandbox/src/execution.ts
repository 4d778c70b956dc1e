/**
 * Starts a prepared command, waits for what ends it, and sees to it that nothing outlives it.
 *
 * E1 exactly one cause ends an execution: the first of exit, wall timer, cancellation and breach. Later ones change nothing.
 * E2 when the promise settles the tree is dead and both streams are closed.
 * E3 output flows all the time; what is kept of it is bounded.
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { inheritedDescriptors } from './inherited-descriptors.ts';
import { OutputCapture } from './output-capture.ts';
import { identify } from './process-table.ts';
import { MARKER, ProcessTree } from './process-tree.ts';
import type { SandboxConversation } from './port.ts';
import type { Limits } from './request.ts';
import { kernelVerdict, watchTree, type Breach } from './watch.ts';
import type { ControlGroup } from './control-group.ts';
import type { Launch } from './tiers/launch.ts';

export interface Execution {
  readonly launch: Launch;
  readonly limits: Limits;
  readonly group: ControlGroup | undefined;
  readonly processNamespace: boolean;
  readonly marker: string;
  readonly signal: AbortSignal | undefined;
  readonly converse: ((conversation: SandboxConversation) => void) | undefined;
  readonly clock: () => number;
}

export type Cause =
  | { readonly kind: 'exit' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'spawn failed'; readonly error: Error }
  | { readonly kind: 'breach'; readonly breach: Breach };

export interface Outcome {
  readonly cause: Cause;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly started: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  readonly termination: Termination | undefined;
}

/** How a command that had to be ended was ended. */
interface Termination {
  readonly elapsedMs: number;
  readonly boundMs: number;
  readonly note: string;
}

/** Time between SIGTERM and SIGKILL at the wall timeout: a test runner may write its report. */
const GRACE_MS = 200;
/** Time in which SIGKILL must have emptied the tree. */
const KILL_BOUND_MS = 2000;
const REPORT_BYTES = 4096;

export async function execute(execution: Execution): Promise<Outcome> {
  const { launch, limits, clock } = execution;
  const begin = clock();
  const stdout = new OutputCapture(limits.outputBytes);
  const stderr = new OutputCapture(limits.outputBytes);
  const report = new OutputCapture(REPORT_BYTES);
  const child = start(execution);
  const ended = exitOf(child);
  const closed = Promise.all([
    execution.converse === undefined ? drain(child.stdout, stdout) : endOf(child.stdout),
    drain(child.stderr, stderr),
    drain(child.stdio[3] as Readable | null, report),
  ]);
  const root = child.pid === undefined ? undefined : identify(child.pid);
  const finish = (cause: Cause, termination?: Termination): Outcome => ({
    cause,
    code: child.exitCode,
    signal: child.signalCode,
    started: launch.report(report.text()).started,
    stdout: stdout.text(),
    stderr: stderr.text(),
    durationMs: Math.round(clock() - begin),
    termination,
  });
  if (root === undefined) return finish(await ended);

  const { group, marker, processNamespace } = execution;
  const firstProcess = (): number | undefined => launch.report(report.text()).firstProcess;
  const tree = new ProcessTree({ root, marker, group, processNamespace, firstProcess });
  converseWith(child, tree, execution);
  const cause = await firstCause(execution, tree, ended);
  const termination = await endTree(tree, cause, ended);
  await Promise.race([closed, delay(1000, undefined, { ref: false })]);
  for (const stream of [child.stdin, child.stdout, child.stderr, child.stdio[3]]) stream?.destroy();
  return finish(group === undefined || cause.kind !== 'exit' ? cause : withKernelVerdict(cause, group), termination);
}

function start({ launch, marker, converse }: Execution): ChildProcess {
  const nothing = openSync('/dev/null', 'r');
  const stdio: Exclude<StdioOptions, string> = [
    converse === undefined ? 'ignore' : 'pipe',
    'pipe',
    'pipe',
    'pipe',
    ...launch.inputs,
  ];
  // An index that is left open would hand our own inherited descriptor on: /dev/null takes its place.
  for (const descriptor of inheritedDescriptors()) stdio[descriptor] ??= nothing;
  try {
    return spawn(launch.file, launch.args, {
      cwd: '/',
      detached: true,
      ...launch.user,
      env: { [MARKER]: marker, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      stdio: Array.from(stdio, (entry) => entry ?? null),
    });
  } finally {
    for (const input of [nothing, ...launch.inputs]) closeSync(input);
  }
}

function converseWith({ stdin, stdout }: ChildProcess, tree: ProcessTree, { converse }: Execution): void {
  if (converse === undefined || stdin === null || stdout === null) return;
  // A command that ended no longer listens; its result says so.
  stdin.on('error', () => stdin.destroy());
  converse({ input: stdin, output: stdout, processes: () => tree.members().length });
}

function exitOf(child: ChildProcess): Promise<Cause> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve({ kind: 'exit' }));
    child.once('error', (error) => resolve({ kind: 'spawn failed', error }));
  });
}

function drain(stream: Readable | null, capture: OutputCapture): Promise<void> {
  if (stream === null) return Promise.resolve();
  stream.on('data', (chunk: Buffer) => capture.write(chunk));
  return endOf(stream);
}

function endOf(stream: Readable | null): Promise<void> {
  if (stream === null) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('close', resolve);
    // A reset by the dying writer ends the stream like its end does; what came before is kept.
    stream.once('error', () => resolve());
  });
}

async function firstCause(execution: Execution, tree: ProcessTree, ended: Promise<Cause>): Promise<Cause> {
  const { limits, signal, group } = execution;
  const { promise, resolve } = Promise.withResolvers<Cause>();
  const onAbort = (): void => resolve({ kind: 'cancelled' });
  const timer = setTimeout(() => resolve({ kind: 'timeout' }), limits.wallTimeMs);
  using _watch = watchTree({ tree, group, limits }, (breach) => resolve({ kind: 'breach', breach }));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    return await Promise.race([ended, promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

async function endTree(tree: ProcessTree, cause: Cause, ended: Promise<Cause>): Promise<Termination | undefined> {
  if (cause.kind === 'exit') {
    for (let wait = 0; wait < 5 && !tree.isGone(); wait += 1) await delay(1);
    if (!tree.isGone()) await tree.kill(KILL_BOUND_MS);
    return undefined;
  }
  const begin = performance.now();
  const grace = cause.kind === 'timeout' ? GRACE_MS : 0;
  if (grace > 0) {
    tree.terminate();
    await Promise.race([ended, delay(grace, undefined, { ref: false })]);
  }
  const killed = await tree.kill(KILL_BOUND_MS);
  await ended;
  const note = killed === 0 ? 'ended within its grace time' : `SIGKILL to ${String(killed)} processes`;
  return { elapsedMs: Math.round(performance.now() - begin), boundMs: grace + KILL_BOUND_MS, note };
}

/** The kernel may have killed for memory right before the exit, too late for the watch to see it. */
function withKernelVerdict(cause: Cause, group: ControlGroup): Cause {
  const breach = kernelVerdict(group);
  return breach === undefined ? cause : { kind: 'breach', breach };
}
