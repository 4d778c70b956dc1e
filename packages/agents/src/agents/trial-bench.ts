import { sanitizeArtifact, testResultSchema, wellFormed, type TestCase, type TestResult } from '@vltair/protocol';
import { applyEdit, type Candidate, type Sources } from '../repair/index.ts';
import { ResidentUnable, type ResidentRunner } from '../test-runners/resident.ts';
import type { TestCommand, TestSelection } from '../test-runners/test-command.ts';
import type { Clone } from '../workspace/clone.ts';
import type { Project } from './project-input.ts';
import type { ProjectTests } from './project-tests.ts';

/** What all trials of one search have in common. */
export interface TrialSubject {
  readonly project: Project;
  readonly tree: string;
  readonly sources: Sources;
  /** The suite as it fails without any edit. */
  readonly failing: TestResult;
  readonly traceId: string;
}

/** A case that is run by itself. */
export interface Probe {
  readonly id: string;
  readonly command: TestCommand;
  readonly selection: TestSelection;
}

export interface Bounds {
  readonly wallTimeMs: number;
  /** Of a single process, in whole seconds; only for a run in a sandbox of its own. */
  readonly cpuSeconds?: number;
  readonly signal: AbortSignal;
}

/**
 * A clone in which candidates are tried, one at a time.
 *
 * - B1: every run starts from the tree with the candidate in it and nothing else, whatever the run before left behind.
 * - B2: the probe's runner stays from candidate to candidate as long as it tells the same as a run of its own would: before its
 *   first candidate it has to give every case of the probe's file the status and message that the failing suite gave it.
 */
export class TrialBench implements AsyncDisposable {
  readonly #tests: ProjectTests;
  readonly #subject: TrialSubject;
  readonly #clone: Clone;
  #candidate: Candidate | undefined;
  /** `undefined`: not looked for yet; `null`: there is none that could be trusted. */
  #resident: ResidentRunner | null | undefined;

  private constructor(tests: ProjectTests, subject: TrialSubject, clone: Clone) {
    this.#tests = tests;
    this.#subject = subject;
    this.#clone = clone;
  }

  static async open(tests: ProjectTests, subject: TrialSubject): Promise<TrialBench> {
    return new TrialBench(tests, subject, await tests.checkout(subject.project, subject.tree, subject.traceId));
  }

  /** Puts the candidate in place of the one before. */
  async place(candidate: Candidate | undefined): Promise<void> {
    this.#candidate = candidate;
    const edit = candidate?.edit;
    const content = edit === undefined ? '' : applyEdit(this.#subject.sources.get(edit.file) ?? '', edit);
    await this.#clone.reset(edit === undefined ? [] : [{ path: edit.file, content }]);
  }

  /** What a command tests, in a sandbox of its own; an empty selection means everything. */
  async run(command: TestCommand, selection: readonly TestSelection[], bounds: Bounds): Promise<TestResult> {
    return await this.#run(command, selection, bounds);
  }

  /** The probe alone, by the runner that stays where there is one. */
  async runProbe(probe: Probe, bounds: Bounds): Promise<TestResult> {
    const { command, selection } = probe;
    const resident = this.#resident === undefined ? await this.#findResident(probe, bounds) : this.#resident;
    if (resident === null) return await this.#run(command, [selection], bounds);
    try {
      return await this.#run(command, [selection], bounds, resident);
    } catch (error) {
      if (!(error instanceof ResidentUnable)) throw error;
      return await this.#run(command, [selection], bounds);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resident?.[Symbol.asyncDispose]();
    await this.#clone.dispose();
  }

  async #findResident({ command, selection: { file } }: Probe, bounds: Bounds): Promise<ResidentRunner | null> {
    const candidate = this.#candidate;
    const resident = this.#tests.resident(command);
    if (resident === undefined) return (this.#resident = null);
    await this.place(undefined);
    // Known before it is tried: it is disposed of whatever happens.
    this.#resident = resident;
    const isFaithful = await this.#isFaithful(resident, command, file, bounds);
    await this.place(candidate);
    if (isFaithful) return resident;
    await resident[Symbol.asyncDispose]();
    return (this.#resident = null);
  }

  async #isFaithful(resident: ResidentRunner, command: TestCommand, file: string, bounds: Bounds): Promise<boolean> {
    try {
      const result = await this.#run(command, [{ file }], bounds, resident);
      // As the failing suite was recorded: well-formed and without secrets.
      const { cases } = testResultSchema.parse(wellFormed(sanitizeArtifact(result, this.#tests.redaction)));
      const { failing } = this.#subject;
      const told = ({ cases: all }: Pick<TestResult, 'cases'>): string =>
        JSON.stringify(all.filter((each) => each.file === file && !failing.flaky.includes(each.id)).map(whatItTells));
      return told({ cases }) === told(failing);
    } catch (error) {
      if (error instanceof ResidentUnable) return false;
      throw error;
    }
  }

  async #run(
    command: TestCommand,
    selection: readonly TestSelection[],
    { signal, ...limits }: Bounds,
    runner?: ResidentRunner,
  ): Promise<TestResult> {
    const { project, traceId } = this.#subject;
    const execution = { command, selection, repeat: 1, coverage: false, limits, traceId, signal };
    try {
      const resident = runner === undefined ? {} : { runner };
      const { result } = await this.#tests.run(project, this.#clone, { ...execution, ...resident });
      signal.throwIfAborted();
      return result;
    } finally {
      await this.#takeBack();
    }
  }

  async #takeBack(): Promise<void> {
    if (await this.#clone.isPristine()) return;
    await this.#clone.restore();
    await this.place(this.#candidate);
  }
}

/** Names of temporary directories are different each time. */
function whatItTells({ id, status, message }: TestCase): readonly unknown[] {
  return [id, status, message?.replaceAll(/vltair-[\w.-]+/g, '')];
}

/** The benches of one search, made when they are first needed and kept to its end. */
export class TrialCrew implements AsyncDisposable {
  readonly size: number;
  readonly subject: TrialSubject;
  readonly #tests: ProjectTests;
  readonly #benches: Promise<TrialBench>[] = [];

  constructor(tests: ProjectTests, subject: TrialSubject, size: number) {
    this.#tests = tests;
    this.subject = subject;
    this.size = size;
  }

  /** The bench of that number below `size`. One caller at a time. */
  async bench(at: number): Promise<TrialBench> {
    return await (this.#benches[at] ??= TrialBench.open(this.#tests, this.subject));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#benches);
    for (const bench of opened) if (bench.status === 'fulfilled') await bench.value[Symbol.asyncDispose]();
  }
}
