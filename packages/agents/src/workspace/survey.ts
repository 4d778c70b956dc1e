import { existsSync, readdirSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { IgnoreRules } from './repository.ts';
import { foldersAbove, refusalOfPath } from './tree-path.ts';
import { WorkspaceError, isAbsent } from './workspace-error.ts';

/** What a directory holds, before any file is read. All paths are relative to it. */
export interface Survey {
  readonly files: readonly { readonly path: string; readonly isLink: boolean }[];
  readonly skipped: readonly Skipped[];
  readonly notes: readonly Note[];
  /** Installed dependencies: `node_modules` at any depth and Python virtual environments. Not entered. */
  readonly dependencies: readonly string[];
  /** The outermost paths that ignore rules exclude and that are not dependencies, such as `dist` or `.env`. */
  readonly ignored: readonly string[];
}

/** Something in the directory that the tree lacks. */
export interface Skipped {
  readonly path: string;
  readonly reason: 'too_large' | 'not_a_file' | 'invalid_name' | 'vanished';
}

/** Something in the tree that a reader should know. */
export interface Note {
  readonly path: string;
  readonly reason: 'link_outside' | 'changed_during_capture' | 'nested_repository';
}

export interface SurveyRules {
  readonly ignores: IgnoreRules;
  /** Files that are part of the tree whatever the ignore rules say. */
  readonly tracked: ReadonlySet<string>;
  /** Absolute paths that are left out silently: the product's own data. */
  readonly excluded: readonly string[];
}

const NEVER_CAPTURED = new Set(['.git', '.vltair', '__pycache__', '.nyc_output', 'htmlcov', '.coverage']);
const REPORT_FILES = ['lcov.info', 'coverage-final.json', 'coverage-summary.json', 'lcov-report', 'clover.xml', '.tmp'];

/** Lists a directory level by level, so that ignored folders are never entered. @throws WorkspaceError `unreadable` */
export async function survey(root: string, rules: SurveyRules): Promise<Survey> {
  const collector = new Collector(root, rules);
  for (let level: readonly string[] = ['']; level.length > 0;) level = await collector.visit(level);
  return collector.survey;
}

class Collector {
  readonly survey = {
    files: [] as { path: string; isLink: boolean }[],
    skipped: [] as Skipped[],
    notes: [] as Note[],
    dependencies: [] as string[],
    ignored: [] as string[],
  };
  readonly #root: string;
  readonly #rules: SurveyRules;
  readonly #trackedFolders: ReadonlySet<string>;

  constructor(root: string, rules: SurveyRules) {
    this.#root = root;
    this.#rules = rules;
    this.#trackedFolders = new Set([...rules.tracked].flatMap(foldersAbove));
  }

  /** Files away the entries of these folders; gives the folders to visit next. */
  async visit(folders: readonly string[]): Promise<readonly string[]> {
    const found = new Map<string, Dirent>();
    for (const [at, folder] of folders.entries()) {
      if (at % 64 === 63) await nextTurn();
      for (const entry of listFolder(this.#root, folder))
        found.set(folder === '' ? entry.name : `${folder}/${entry.name}`, entry);
    }
    const candidates = [...found].filter(([path, entry]) => this.#isCandidate(path, entry));
    const ignored = await this.#rules.ignores(candidates.map(([path]) => path));
    const kept = candidates.filter(([path]) => {
      const isKept = !ignored.has(path) || this.#isTracked(path);
      if (!isKept) this.survey.ignored.push(path);
      return isKept;
    });
    return kept.filter(([path, entry]) => this.#isFolderToVisit(path, entry)).map(([path]) => path);
  }

  /** Files away what no ignore rule has a say in. */
  #isCandidate(path: string, entry: Dirent): boolean {
    if (entry.name === '.git' && path !== '.git') {
      this.survey.notes.push({ path: path.slice(0, -'/.git'.length), reason: 'nested_repository' });
    }
    if (NEVER_CAPTURED.has(entry.name) || this.#rules.excluded.includes(join(this.#root, path))) return false;
    if (refusalOfPath(path) !== undefined || this.#isUndecodable(path, entry)) {
      this.survey.skipped.push({ path, reason: 'invalid_name' });
      return false;
    }
    if (!this.#isDependency(path, entry)) return !this.#isCoverageReport(path, entry);
    this.survey.dependencies.push(path);
    return false;
  }

  #isDependency(path: string, entry: Dirent): boolean {
    if (!entry.isDirectory() && !entry.isSymbolicLink()) return false;
    if (entry.name === 'node_modules' || entry.name === '.venv') return true;
    return entry.isDirectory() && existsSync(join(this.#root, path, 'pyvenv.cfg'));
  }

  /** A folder named `coverage` may be source code; a report is known by its files. */
  #isCoverageReport(path: string, entry: Dirent): boolean {
    if (entry.name !== 'coverage' || !entry.isDirectory() || this.#isTracked(path)) return false;
    return REPORT_FILES.some((name) => existsSync(join(this.#root, path, name)));
  }

  /** A name that is not UTF-8 was decoded with replacement characters and names nothing any more. */
  #isUndecodable(path: string, entry: Dirent): boolean {
    return entry.name.includes('\u{FFFD}') && !entry.isSymbolicLink() && !existsSync(join(this.#root, path));
  }

  #isTracked(path: string): boolean {
    return this.#rules.tracked.has(path) || this.#trackedFolders.has(path);
  }

  #isFolderToVisit(path: string, entry: Dirent): boolean {
    if (entry.isFile() || entry.isSymbolicLink()) this.survey.files.push({ path, isLink: entry.isSymbolicLink() });
    else if (!entry.isDirectory()) this.survey.skipped.push({ path, reason: 'not_a_file' });
    return entry.isDirectory();
  }
}

function listFolder(root: string, folder: string): readonly Dirent[] {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    // Removed since its parent was listed: the same as having been removed before.
    if (folder !== '' && isAbsent(error)) return [];
    const path = folder === '' ? '.' : folder;
    throw new WorkspaceError('unreadable', `folder ${path} cannot be listed: ${String(error)}`, { path, cause: error });
  }
}
