import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ambiguityPolicies, type AmbiguityPolicy } from '../../packages/protocol/src/index.ts';
import { moment } from './moment.ts';

const effect = { id: z.int(), run: z.string(), key: z.string() };

/** What is said to the witness, as JSON lines. `refusals`: so many calls of the key are refused before one is done. */
const witnessRequestSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('call'),
    ...effect,
    policy: z.enum(ambiguityPolicies),
    worker: z.string(),
    takesMs: z.number(),
    refusals: z.int(),
  }),
  z.strictObject({ do: z.literal('ask'), ...effect }),
]);
export type WitnessRequest = z.infer<typeof witnessRequestSchema>;

/** `number`: of the act that was done; `undefined`: it was refused, or has not happened. */
export const witnessReplySchema = z.strictObject({ id: z.int(), number: z.int().exactOptional() });
type WitnessReply = z.infer<typeof witnessReplySchema>;

/** A call that has reached the outside. */
export interface WitnessedCall {
  readonly run: string;
  readonly key: string;
  readonly policy: AmbiguityPolicy;
  readonly worker: string;
  readonly at: number;
  /** Counts the acts of the whole world; `undefined` for one that was refused. */
  readonly number: number | undefined;
  /** Answered with the number of an earlier act under the same idempotency key: nothing was done. */
  readonly isAnsweredAgain: boolean;
}

/**
 * The outside world, on a unix socket of the campaign's own process: it does what it is asked for the moment it hears of
 * it, whatever becomes of whoever asked, and remembers all of it. A `keyed` call is done once under its key.
 */
export class Witness {
  readonly calls: WitnessedCall[] = [];
  readonly #byKey = new Map<string, WitnessedCall[]>();
  readonly #byRun = new Map<string, WitnessedCall[]>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #acts = 0;

  constructor(path: string) {
    this.#server = createServer((socket) => this.#serve(socket)).listen(path);
  }

  of(run: string, key: string): readonly WitnessedCall[] {
    return this.#byKey.get(placeOf(run, key)) ?? [];
  }

  ofRun(run: string): readonly WitnessedCall[] {
    return this.#byRun.get(run) ?? [];
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy()); // whoever asked has died
    socket.on('close', () => this.#sockets.delete(socket));
    const lines = createInterface({ input: socket });
    lines.on('error', () => socket.destroy());
    lines.on('line', (line) => void this.#answer(line, socket));
  }

  async #answer(line: string, socket: Socket): Promise<void> {
    const request = parseRequest(line);
    if (request === undefined) return;
    const number = request.do === 'ask' ? this.#asked(request) : this.#call(request);
    if (request.do === 'call') await sleep(request.takesMs);
    const reply: WitnessReply = { id: request.id, ...(number === undefined ? {} : { number }) };
    if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
  }

  #asked({ run, key }: WitnessRequest): number | undefined {
    return this.of(run, key).find(({ number }) => number !== undefined)?.number;
  }

  #call({ run, key, policy, worker, refusals }: Extract<WitnessRequest, { do: 'call' }>): number | undefined {
    const earlier = this.of(run, key);
    const again = policy === 'keyed' ? earlier.find(({ number }) => number !== undefined)?.number : undefined;
    const number = again ?? (earlier.length < refusals ? undefined : (this.#acts += 1));
    const call = { run, key, policy, worker, at: moment(), number, isAnsweredAgain: again !== undefined };
    this.calls.push(call);
    this.#byKey.set(placeOf(run, key), [...earlier, call]);
    const ofRun = this.#byRun.get(run) ?? [];
    this.#byRun.set(run, ofRun);
    ofRun.push(call);
    return number;
  }
}

function placeOf(run: string, key: string): string {
  return `${run}/${key}`;
}

/** `undefined` for the torn line of a caller that died while it spoke. */
function parseRequest(line: string): WitnessRequest | undefined {
  try {
    return witnessRequestSchema.parse(JSON.parse(line));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
