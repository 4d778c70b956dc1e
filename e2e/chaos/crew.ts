import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../bench/planting/seeded-random.ts';
import { pick } from './chance.ts';
import { moment } from './moment.ts';
import type { Place, RegisterSettings } from './settings.ts';
import { SupervisedChild, type ChildMessage, type OddEnd } from './supervised-child.ts';

export interface CrewOptions {
  /** Of the runs, and of the registers. */
  readonly place: Place;
  readonly registerPlace: Place;
  readonly witness: string;
  /** Where the children's journals and words go. */
  readonly evidence: string;
  /** For the processes that open the store to write. */
  readonly environment: Readonly<Record<string, string>>;
  readonly heard: (message: ChildMessage, child: SupervisedChild) => void;
}

const WORKERS = 3;
const CLIENTS = 2;
const READERS = 2;
const START_MS = 60_000;
const LOOPS = { writer: 4, reader: 2 } as const;

/** The processes of a campaign. */
export class Crew {
  readonly workers: readonly SupervisedChild[];
  readonly clients: readonly SupervisedChild[];
  /** Writers and readers of the registers. */
  readonly registers: readonly SupervisedChild[];

  constructor(options: CrewOptions) {
    const { place, registerPlace } = options;
    const writers = registerPlace.kind === 'sqlite' ? 1 : 3;
    this.workers = names('worker', WORKERS).map((name) => childOf(options, name, 'worker-child', { place }));
    this.clients = names('client', CLIENTS).map((name) => childOf(options, name, 'client-child', { place }));
    this.registers = [
      ...names('writer', writers).map((name) => registerOf(options, name, 'writer')),
      ...names('reader', READERS).map((name) => registerOf(options, name, 'reader')),
    ];
  }

  get all(): readonly SupervisedChild[] {
    return [...this.workers, ...this.clients, ...this.registers];
  }

  /** Resolves when there is work done. @throws Error when there is none within a minute. */
  async assembled(): Promise<void> {
    for (
      const until = moment() + START_MS;
      this.owner === undefined || !this.clients.every(({ isReady }) => isReady);
    ) {
      if (moment() > until) throw new Error('the processes of the campaign do not start');
      await sleep(50);
    }
  }

  /** One that owns the store, or shares it, and is not stopped. */
  get owner(): SupervisedChild | undefined {
    return this.workers.find(({ isOwner, isAwake }) => isOwner && isAwake);
  }

  /** Mostly the one that does the work, now and then another process that has the store open to write. */
  aWriter(random: Random): SupervisedChild | undefined {
    const isWorker = random() < 0.7;
    const child = isWorker ? this.owner : undefined;
    return child ?? pick([...this.workers, ...this.registers], random);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((child) => child.close()));
  }

  get oddEnds(): readonly OddEnd[] {
    return this.all.flatMap(({ oddEnds }) => oddEnds);
  }
}

function names(kind: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`);
}

function registerOf(options: CrewOptions, name: string, role: RegisterSettings['role']): SupervisedChild {
  const place = options.registerPlace;
  return childOf(options, name, 'register-child', { place, role, loops: LOOPS[role] }, { withWitness: false });
}

function childOf(
  { witness, evidence, environment, heard }: CrewOptions,
  name: string,
  script: 'worker-child' | 'client-child' | 'register-child',
  rest: object,
  { withWitness } = { withWitness: true },
): SupervisedChild {
  const settings = { name, journal: join(evidence, `${name}.jsonl`), ...rest, ...(withWitness ? { witness } : {}) };
  const isClient = script === 'client-child';
  return new SupervisedChild({
    name,
    script: join(import.meta.dirname, `${script}.ts`),
    settings,
    environment: isClient ? {} : environment,
    errors: join(evidence, `${name}.log`),
    heard,
  });
}
