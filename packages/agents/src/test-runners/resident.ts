/**
 * Runs many commands of one interpreter in one sandbox: the interpreter stays, and each command gets a fresh fork (Python),
 * a fresh worker thread (Node) or a rerun in a server that stays (vitest) instead of a sandbox and a process of its own.
 *
 * R1 every command starts from the same state: one that leaves a process or a file in the private places behind, or breaks
 *    the resident, costs it its life, and the next one is started anew. The work directory is the caller's to look after.
 * R2 a command that the resident cannot run, or that breaks it, has no answer: it has to be run in a sandbox of its own.
 * R3 the sandbox and all limits are those of the request; its wall time bounds the command, not the resident.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxConversation, SandboxRequest, SandboxResult } from '@vltair/sandbox';
import { supportDirectory } from './runners/runner-adapter.ts';

/** How a command ended: what the tests' verdict is made of. */
export type CommandEnd = Pick<
  SandboxResult,
  'status' | 'exitCode' | 'reason' | 'durationMs' | 'stdout' | 'stderr' | 'traceId'
>;

/** Runs commands in a sandbox. */
export interface CommandRunner {
  run(request: SandboxRequest): Promise<CommandEnd>;
}

/** There is no answer: R2. */
export class ResidentUnable extends Error {
  override readonly name = 'ResidentUnable';
}

/** Our script that stays, by the language that it runs. It lies beside the tests when the first command is run. */
const SCRIPTS = { node: 'resident.cjs', python: 'vltair_resident.py' } as const;

/** What a conversation may keep of a line that does not end: tests can write to the descriptor too. */
const LONGEST_LINE = 64 * 1024;
const LONGEST_LIFE_MS = 24 * 60 * 60 * 1000;

/** One command at a time. */
export class ResidentRunner implements CommandRunner, AsyncDisposable {
  readonly #sandbox: CommandRunner;
  readonly #script: string;
  #resident: Resident | undefined;

  constructor(sandbox: CommandRunner, language: keyof typeof SCRIPTS) {
    this.#sandbox = sandbox;
    this.#script = `./${supportDirectory}/${SCRIPTS[language]}`;
  }

  async run(request: SandboxRequest): Promise<CommandEnd> {
    // Processor time counts per process: a resident would add it up.
    if (request.limits.cpuSeconds !== undefined) throw new ResidentUnable();
    const key = keyOf(request);
    if (this.#resident?.key !== key) await this[Symbol.asyncDispose]();
    const resident = (this.#resident ??= new Resident(this.#sandbox, request, key, this.#script));
    const begin = performance.now();
    const reply = await resident.ask(request);
    const durationMs = Math.round(performance.now() - begin);
    const isAsBefore = reply.kind === 'answer' && !reply.leftBehind && (await resident.hasSettled());
    if (!isAsBefore) await this[Symbol.asyncDispose]();
    return { ...endOf(reply), durationMs, stdout: '', stderr: '', traceId: request.traceId };
  }

  /** The next command gets a new resident. */
  async [Symbol.asyncDispose](): Promise<void> {
    const resident = this.#resident;
    this.#resident = undefined;
    await resident?.end();
  }
}

type Reply =
  | { readonly kind: 'answer'; readonly exitCode: number; readonly leftBehind: boolean }
  | { readonly kind: 'late' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'broken' };

function endOf(reply: Reply): Pick<CommandEnd, 'status' | 'exitCode' | 'reason'> {
  switch (reply.kind) {
    case 'answer':
      if (reply.exitCode === UNABLE) throw new ResidentUnable();
      return { status: 'OK', exitCode: reply.exitCode, reason: `exit code ${String(reply.exitCode)}` };
    case 'late':
      return { status: 'TIMEOUT', exitCode: 124, reason: 'wall timeout' };
    case 'cancelled':
      return { status: 'CANCELLED', exitCode: 137, reason: 'cancelled by the caller' };
    case 'broken':
      throw new ResidentUnable();
  }
}

const UNABLE = -1;

/** One interpreter in its sandbox, from its start to its end. */
class Resident {
  readonly key: string;
  readonly #abort = new AbortController();
  readonly #conversation: Promise<SandboxConversation | undefined>;
  readonly #ended: Promise<unknown>;
  readonly #ready = Promise.withResolvers<void>();
  /** Its own processes, as many as there were when it said that it is ready. */
  #processes = 0;
  #heard: (line: string) => void = () => undefined;

  constructor(sandbox: CommandRunner, request: SandboxRequest, key: string, script: string) {
    this.key = key;
    const started = Promise.withResolvers<SandboxConversation | undefined>();
    this.#conversation = started.promise;
    const converse = (conversation: SandboxConversation): void => {
      this.#listen(conversation);
      started.resolve(conversation);
    };
    const { signal: _, ...lasting } = request;
    const limits = { ...request.limits, wallTimeMs: LONGEST_LIFE_MS };
    const argv = apartFromOutput([request.argv[0], script]);
    this.#ended = sandbox
      .run({ ...lasting, argv, limits, converse, signal: this.#abort.signal })
      .finally(() => started.resolve(undefined));
  }

  async ask({ argv, limits, signal }: SandboxRequest): Promise<Reply> {
    const answer = Promise.withResolvers<Reply>();
    const give = (kind: 'late' | 'cancelled' | 'broken') => (): void => answer.resolve({ kind });
    const timer = setTimeout(give('late'), limits.wallTimeMs);
    const onAbort = give('cancelled');
    signal?.addEventListener('abort', onAbort, { once: true });
    void this.#ended.then(give('broken'), give('broken'));
    const nonce = randomBytes(8).toString('hex');
    this.#heard = (line) => {
      const [, exitCode, left] = new RegExp(`^${nonce} (-?\\d+) ([01])$`).exec(line) ?? [];
      if (exitCode !== undefined)
        answer.resolve({ kind: 'answer', exitCode: Number(exitCode), leftBehind: left === '1' });
    };
    try {
      // Its own processes are counted before the first command starts any.
      await Promise.race([this.#ready.promise, answer.promise]);
      const conversation = await Promise.race([this.#conversation, answer.promise.then(() => undefined)]);
      const message = [nonce, ...argv.slice(1)].join('\0');
      conversation?.input.write(`${Buffer.from(message).toString('hex')}\n`);
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Whether what the last command started is gone. */
  async hasSettled(): Promise<boolean> {
    const conversation = await this.#conversation;
    if (conversation === undefined) return false;
    for (let wait = 0; wait < 5 && conversation.processes() > this.#processes; wait += 1) await delay(2);
    return conversation.processes() <= this.#processes;
  }

  async end(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  #listen(conversation: SandboxConversation): void {
    let waiting = '';
    conversation.output.setEncoding('latin1').on('data', (chunk: string) => {
      const lines = (waiting + chunk).split('\n');
      waiting = lines.pop()?.slice(-LONGEST_LINE) ?? '';
      if (lines.includes('ready')) {
        this.#processes = conversation.processes();
        this.#ready.resolve();
      }
      for (const line of lines) this.#heard(line);
    });
  }
}

/** Requests come in on descriptor 4 and answers go out on 3, so that a command finds its standard streams as it is used to. */
function apartFromOutput(argv: readonly string[]): readonly [string, ...string[]] {
  return ['/bin/sh', '-c', 'exec "$@" 3>&1 4<&0 </dev/null >/dev/null', 'resident', ...argv];
}

/** What a resident cannot change once it runs. */
function keyOf({
  argv,
  workDirectory,
  cwd,
  readOnlyPaths,
  environment,
  limits,
  network,
  mode,
}: SandboxRequest): string {
  const { wallTimeMs: _, ...lasting } = limits;
  return JSON.stringify([argv[0], workDirectory, cwd, readOnlyPaths, environment, lasting, network, mode]);
}
