import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { answerSchema, type About, type Answer, type Ask, type Ran } from './contender-messages.ts';
import type { LoadWish } from './drive-load.ts';

const STOP_GRACE_MS = 15_000;

/** The bench's half of a contender: a child process that is asked one thing at a time. */
export class ContenderProcess {
  readonly about: About;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, about: About) {
    this.#child = child;
    this.about = about;
  }

  /** Starts the contender and waits until it is ready. What it prints goes to our stderr. @throws Error with what it says of its failure. */
  static async start(script: string, words: readonly string[]): Promise<ContenderProcess> {
    const child = fork(script, words, {
      stdio: ['ignore', 2, 2, 'ipc'],
      execArgv: ['--disable-warning=DeprecationWarning'],
    });
    const answer = await nextAnswer(child, script);
    if (answer.kind === 'ready') return new ContenderProcess(child, answer.about);
    throw new Error(`${script} answered '${answer.kind}' before it was ready`);
  }

  async run({ inFlight, milliseconds }: LoadWish): Promise<Ran> {
    this.#ask({ kind: 'run', inFlight, milliseconds });
    const answer = await nextAnswer(this.#child, this.about.engine);
    if (answer.kind === 'ran') return answer;
    throw new Error(`${this.about.engine} answered '${answer.kind}' to a load`);
  }

  /** Lets the contender clean up, and ends it when it does not come to its end. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    const grace = setTimeout(() => this.#child.kill('SIGKILL'), STOP_GRACE_MS);
    this.#ask({ kind: 'stop' });
    await exit;
    clearTimeout(grace);
  }

  #ask(ask: Ask): void {
    if (this.#child.connected) this.#child.send(ask);
  }
}

/** @throws Error when it says that it has failed, or ends without an answer. */
function nextAnswer(child: ChildProcess, name: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const onExit = (code: number | null, signal: string | null): void =>
    reject(new Error(`${name} ended without an answer (${String(code ?? signal)})`));
  const onMessage = (message: unknown): void => {
    child.off('exit', onExit);
    const answer = answerSchema.safeParse(message);
    if (!answer.success) reject(new Error(`${name} says what nobody understands`, { cause: answer.error }));
    else if (answer.data.kind === 'failed') reject(new Error(`${name} failed: ${answer.data.message}`));
    else resolve(answer.data);
  };
  child.once('exit', onExit);
  child.once('message', onMessage);
  return promise;
}
