import { failureOf, type AttemptRef, type RunEvent, type VltairError } from '@vltair/protocol';
import type { RunState } from '../machine/run-state.ts';
import type { Progress } from '../ports/agent.ts';
import { RunProcess, type RunObserver, type RunOwner, type RunProcessPorts } from './run-process.ts';
import { RunWaiters } from './run-waiters.ts';
import type { Job, Scheduler } from './scheduler.ts';
import { Snapshots } from './snapshots.ts';
import { StepCounters, type StepCounts } from './step-counters.ts';

export interface OpenRunsPorts extends Omit<RunProcessPorts, 'owner'> {
  readonly scheduler: Pick<Scheduler, 'submit'>;
  /** Around whatever goes on for a run. */
  readonly during: <T>(run: string, doing: () => Promise<T>) => Promise<T>;
  /** Told of every state of every run that has become durable. */
  readonly committed: (state: RunState) => void;
  /** An attempt of the run begins, or nothing of it works here any more. */
  readonly leftLine: (run: string) => void;
  /** Whether a run that was given up is forgotten, or kept for whoever may still ask what became of it. */
  readonly forgetsLost: boolean;
  readonly warn: (warning: string) => void;
}

/** The runs that a runtime works on, and those who hear of them. One of each run at a time. */
export class OpenRuns implements RunOwner {
  readonly #ports: OpenRunsPorts;
  readonly #processPorts: RunProcessPorts;
  readonly #processes = new Map<string, RunProcess>();
  readonly #observers = new Set<RunObserver>();
  readonly #waiters = new RunWaiters();
  readonly #counters = new StepCounters();
  readonly #snapshots: Snapshots;

  constructor(ports: OpenRunsPorts) {
    this.#ports = ports;
    this.#processPorts = { ...ports, owner: this };
    this.#snapshots = new Snapshots(ports.store);
  }

  get counts(): StepCounts {
    return this.#counters.counts;
  }

  all(): readonly RunProcess[] {
    return [...this.#processes.values()];
  }

  /** The process of the run, also one that has given it up and still has something in flight. */
  get(run: string): RunProcess | undefined {
    return this.#processes.get(run);
  }

  /** The process that works on the run; `undefined` also for one that has given it up. */
  working(run: string): RunProcess | undefined {
    const runProcess = this.#processes.get(run);
    return runProcess?.givenUp === undefined ? runProcess : undefined;
  }

  /** Nothing of the run is in memory before. */
  open(run: string, state: RunState | undefined, epoch: number): RunProcess {
    const runProcess = new RunProcess(run, epoch, state, this.#processPorts);
    this.#processes.set(run, runProcess);
    return runProcess;
  }

  forget(runProcess: RunProcess): void {
    const { run } = runProcess;
    if (this.#processes.get(run) !== runProcess) return;
    this.#processes.delete(run);
    this.#ports.leftLine(run);
    this.#snapshots.forget(run);
  }

  /** Keeps none in memory that only waits for its time. */
  dropSleepers(): void {
    for (const runProcess of this.#processes.values())
      if (runProcess.isAsleep) runProcess.letGo(() => this.forget(runProcess));
  }

  /** Nothing of any run goes on here. */
  release(reason: VltairError): void {
    for (const runProcess of this.#processes.values()) runProcess.release(reason);
  }

  // --- who hears of them

  observe(observer: RunObserver): { stop(): void } {
    this.#observers.add(observer);
    return { stop: () => this.#observers.delete(observer) };
  }

  /** Resolves with the first state that fits. Rejects when this process works on the run no longer. */
  until(run: string, fits: (state: RunState) => boolean): Promise<RunState> {
    const runProcess = this.#processes.get(run);
    const state = runProcess?.state;
    if (runProcess?.givenUp !== undefined) return Promise.reject(runProcess.givenUp);
    return state !== undefined && fits(state) ? Promise.resolve(state) : this.#waiters.until(run, fits);
  }

  /** Whether somebody waits for a state of the run. */
  awaits(run: string): boolean {
    return this.#waiters.awaits(run);
  }

  /** A change of one run may be what those wait for who wait for the run above it. */
  tellWaiters(state: RunState): void {
    for (let each: RunState | undefined = state; each !== undefined;) {
      this.#waiters.tell(each);
      each = each.parent === undefined ? undefined : this.#processes.get(each.parent.run)?.state;
    }
  }

  // --- what the runs tell

  committed(events: readonly RunEvent[], state: RunState): void {
    this.#counters.committed(events);
    this.#tell((observer) => observer.committed(events, state));
    this.tellWaiters(state);
    this.#ports.committed(state);
    this.#snapshots.committed(state);
  }

  /** An observer that throws is told nothing any more; the runs go on. */
  #tell(notice: (observer: RunObserver) => void): void {
    for (const observer of this.#observers) {
      try {
        notice(observer);
      } catch (error) {
        this.#observers.delete(observer);
        this.#ports.warn(`an observer failed and is told nothing any more: ${failureOf(error).message}`);
      }
    }
  }

  progress(run: string, ref: AttemptRef, progress: Progress): void {
    this.#tell((observer) => observer.progress(run, ref, progress));
  }

  gaveUp(runProcess: RunProcess, error: VltairError): void {
    this.#waiters.fail(runProcess.run, error);
    if (this.#ports.forgetsLost) void runProcess.idle().then(() => this.forget(runProcess));
  }

  submit(run: string, job: Job): { withdraw(): boolean } {
    const { clock, scheduler, leftLine, during } = this.#ports;
    const work = (): Promise<void> => {
      const begun = clock.monotonic();
      leftLine(run);
      this.#counters.began();
      return during(run, () => job.run()).finally(() => this.#counters.took(clock.monotonic() - begun));
    };
    return scheduler.submit({ ...job, run: work });
  }
}
