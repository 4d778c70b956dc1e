import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { EX_TEMPFAIL } from './child-ending.ts';
import { moment } from './moment.ts';

const messageSchema = z.discriminatedUnion('is', [
  /** A worker may write now. */
  z.strictObject({ is: z.literal('owner') }),
  /** A client takes commands now. */
  z.strictObject({ is: z.literal('ready') }),
  /** The inbox has taken a command. */
  z.strictObject({ is: z.literal('sent'), id: z.string() }),
  /** How many runs there are of each status, and how many commands wait. */
  z.strictObject({ is: z.literal('counts'), counts: z.record(z.string(), z.int()), inbox: z.int() }),
]);
export type ChildMessage = z.infer<typeof messageSchema>;

export interface ChildPlan {
  readonly name: string;
  readonly script: string;
  readonly settings: object;
  readonly environment: Readonly<Record<string, string>>;
  /** Where what it says on stderr goes. */
  readonly errors: string;
  readonly heard: (message: ChildMessage, child: SupervisedChild) => void;
}

/** An end that nobody asked for and no fault explains. */
export interface OddEnd {
  readonly name: string;
  readonly at: number;
  readonly how: string;
}

const LONGEST_REST_MS = 300;
const GRACE_MS = 6_000;

/** A child process that is started again whenever it ends, as a supervisor of services does it. */
export class SupervisedChild {
  readonly plan: ChildPlan;
  readonly oddEnds: OddEnd[] = [];
  #process: ChildProcess | undefined;
  #isStopped = false;
  #isHeld = false;
  #isClosing = false;
  /** It has said that it is the owner. */
  isOwner = false;
  /** It has said that it takes commands. */
  isReady = false;
  starts = 0;

  constructor(plan: ChildPlan) {
    this.plan = plan;
    this.#start();
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** It runs, and no fault has stopped it. */
  get isAwake(): boolean {
    return this.#process !== undefined && !this.#isStopped;
  }

  send(message: object): void {
    if (this.#process?.connected === true) this.#process.send(message);
  }

  /** `true` when there was a process to kill. */
  kill(): boolean {
    return this.#process?.kill('SIGKILL') ?? false;
  }

  stop(): boolean {
    this.#isStopped = this.#process?.kill('SIGSTOP') ?? false;
    return this.#isStopped;
  }

  goOn(): void {
    this.#isStopped = false;
    this.#process?.kill('SIGCONT');
  }

  /** Until it is let go, it is not started again. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld && this.#process === undefined && !this.#isClosing) this.#start();
  }

  /** Ends it for good: first asks, then kills. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.goOn();
    this.#process?.kill('SIGTERM');
    for (const until = moment() + GRACE_MS; this.#process !== undefined; await sleep(10))
      if (moment() > until) this.#process.kill('SIGKILL');
  }

  #start(): void {
    const { script, settings, environment, errors, heard } = this.plan;
    const file = openSync(errors, 'a');
    // Without the two quick compilers of this Node, for the reason that stands in vitest.config.ts.
    const words = ['--wasm-wrapper-tiering-budget=2000000000', script, JSON.stringify(settings)];
    const child = spawn(process.execPath, words, {
      stdio: ['ignore', file, file, 'ipc'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'), ...environment },
    });
    closeSync(file);
    this.starts += 1;
    this.#process = child;
    this.#isStopped = false;
    child.on('error', () => {}); // a message that a dying child does not take any more; its exit tells
    child.on('message', (message) => {
      const parsed = messageSchema.parse(message);
      if (parsed.is === 'owner') this.isOwner = true;
      if (parsed.is === 'ready') this.isReady = true;
      heard(parsed, this);
    });
    child.once('exit', (code, signal) => this.#ended(code, signal));
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.#process = undefined;
    this.isOwner = false;
    this.isReady = false;
    const isAsked = this.#isClosing && signal === 'SIGTERM'; // before it could listen
    const isPlain = isAsked || signal === 'SIGKILL' || code === 0 || code === EX_TEMPFAIL;
    if (!isPlain) this.oddEnds.push({ name: this.plan.name, at: moment(), how: `${code ?? signal ?? ''}` });
    if (this.#isClosing || this.#isHeld) return;
    setTimeout(() => {
      if (this.#process === undefined && !this.#isClosing && !this.#isHeld) this.#start();
    }, Math.random() * LONGEST_REST_MS);
  }
}
