import type { JsonObject } from '@vltair/protocol';
import { askSchema, type About, type Answer } from './contender-messages.ts';
import { driveLoad, type LoadWish } from './drive-load.ts';

/** One engine, in a process of its own, that runs workflows of five durable steps. */
export interface Contender {
  readonly about: About;
  /** Runs one workflow to its end; resolves when its caller knows that it is done. */
  readonly runOne: () => Promise<void>;
  /** Looks at itself during a load; what it gives is called when the load is over. */
  readonly watch?: (wish: LoadWish) => () => Promise<Watched>;
  readonly close: () => Promise<void>;
}

export interface Watched {
  readonly figures: Readonly<Record<string, number>>;
  readonly sample?: JsonObject;
}

/** Opens the engine in the directory that the bench made for it (the first argument) and answers until it is told to stop. */
export async function serveContender(open: (directory: string) => Promise<Contender>): Promise<void> {
  try {
    const contender = await open(process.argv[2] ?? '.');
    process.on('message', (message) => void answer(contender, message));
    tell({ kind: 'ready', about: contender.about });
  } catch (error) {
    process.send?.(failed(error), () => process.exit(1)); // whatever it had started before it failed goes with it
  }
}

async function answer(contender: Contender, message: unknown): Promise<void> {
  try {
    const ask = askSchema.parse(message);
    if (ask.kind === 'run') return tell(await run(contender, ask));
    await contender.close();
    process.disconnect();
  } catch (error) {
    tell(failed(error));
  }
}

async function run(contender: Contender, wish: LoadWish): Promise<Answer> {
  const watched = contender.watch?.(wish);
  const begun = process.cpuUsage();
  const load = await driveLoad(contender.runOne, wish);
  const { user, system } = process.cpuUsage(begun);
  const { figures, ...rest } = (await watched?.()) ?? { figures: {} };
  const cpuMs = (user + system) / 1_000 / load.workflows;
  return { kind: 'ran', ...load, ...rest, figures: { ...figures, cpuMs } };
}

function failed(error: unknown): Answer {
  return { kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function tell(message: Answer): void {
  process.send?.(message);
}
