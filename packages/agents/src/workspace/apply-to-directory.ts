import { Placement, type Step } from './apply-placement.ts';
import { observe, type Observed } from './observed-file.ts';
import { canonicalDirectory } from './repository.ts';
import type { FileDifference, FileVersion } from './tree-diff.ts';
import { foldersAbove } from './tree-path.ts';
import type { Workspace } from './workspace.ts';

export interface ApplyRequest {
  readonly workspace: Workspace;
  /** The user's directory: the one that `before` was captured from. */
  readonly directory: string;
  readonly before: string;
  readonly after: string;
}

export type ApplyResult =
  /** Paths written or removed, durable; without those that an earlier, interrupted call had finished. */
  | { readonly kind: 'applied'; readonly files: readonly string[] }
  | { readonly kind: 'already_applied' }
  /** Nothing was written: these files are neither as in `before` nor as in `after`. */
  | { readonly kind: 'changed_meanwhile'; readonly files: readonly string[] }
  /** Nothing was written: a folder above the file is a link by now. */
  | { readonly kind: 'refused'; readonly reason: 'through_link'; readonly path: string };

/**
 * Writes the difference of two trees into the user's directory.
 *
 * - A1: nothing is written unless every file concerned is as in `before`, or already as in `after`.
 * - A2: each file is replaced in one step; no reader ever sees a part of it.
 * - A3: a call that was killed at any point is completed by the same call again, which also removes what the first left.
 *
 * Permissions are kept, ownership too where the process may set it. Two calls at once on one directory are not supported.
 *
 * @throws WorkspaceError `unwritable`, `directory_full` (both before any file was replaced, as far as can be told in
 *   advance), `unreadable`, `missing_tree`
 */
export async function applyToDirectory({ workspace, directory, before, after }: ApplyRequest): Promise<ApplyResult> {
  const root = await canonicalDirectory(directory);
  const files = await workspace.differences(before, after);
  const placement = new Placement(
    root,
    new Set((await workspace.list(after)).flatMap(({ path }) => foldersAbove(path))),
  );
  const observed = await observeAll(root, files);
  const linked = files.find(({ path }) => observed.get(path)?.kind === 'through_link');
  if (linked !== undefined) return { kind: 'refused', reason: 'through_link', path: linked.path };
  await placement.removeLeftovers(files.map(({ path }) => path));
  const refusal = refusalOf(files, observed);
  if (refusal !== undefined) return refusal;
  const steps = await stepsOf(workspace, files, observed);
  const done = await placement.carryOut(steps, async () => await haveMoved(root, steps));
  if (done.kind === 'moved') return { kind: 'changed_meanwhile', files: done.files };
  await placement.prune(files.filter(({ after: version }) => version === null).map(({ path }) => path));
  return steps.length === 0 ? { kind: 'already_applied' } : { kind: 'applied', files: steps.map(({ path }) => path) };
}

type Sightings = ReadonlyMap<string, Observed>;

async function observeAll(root: string, files: readonly FileDifference[]): Promise<Sightings> {
  const observed = new Map<string, Observed>();
  for (const { path } of files) observed.set(path, await observe(root, path));
  return observed;
}

function refusalOf(files: readonly FileDifference[], observed: Sightings): ApplyResult | undefined {
  const changed = files.filter(
    (file) => !isAt(file, file.before, observed, files) && !isAt(file, file.after, observed, files),
  );
  return changed.length === 0 ? undefined : { kind: 'changed_meanwhile', files: changed.map(({ path }) => path) };
}

/** Whether the file is as this version has it. */
function isAt(
  file: FileDifference,
  version: FileVersion | null,
  observed: Sightings,
  files: readonly FileDifference[],
): boolean {
  const sighting = observed.get(file.path) ?? { kind: 'nothing' };
  switch (sighting.kind) {
    case 'nothing':
      return version === null;
    case 'folder':
      // A file takes the place of a folder, or the reverse: right only when the difference says so.
      return version === null && files.some(({ path }) => path.startsWith(`${file.path}/`));
    case 'blocked':
      return version === null && files.some(({ path }) => path === sighting.blockedBy);
    case 'through_link':
      return false;
    case 'file':
      return version !== null && isVersion(sighting, version, file);
  }
}

/** Executable bits count only where the difference changes them: the user may have set others. */
function isVersion(sighting: FileVersion, version: FileVersion, { before, after }: FileDifference): boolean {
  const isLink = (mode: string) => mode === '120000';
  const modeCounts = before !== null && after !== null && before.mode !== after.mode;
  if (sighting.blob !== version.blob || isLink(sighting.mode) !== isLink(version.mode)) return false;
  return !modeCounts || sighting.mode === version.mode;
}

async function stepsOf(
  workspace: Workspace,
  files: readonly FileDifference[],
  observed: Sightings,
): Promise<readonly Step[]> {
  const open = files.filter((file) => !isAt(file, file.after, observed, files));
  const contents = await workspace.readBlobs(open.flatMap(({ after }) => after?.blob ?? []));
  return open.map(({ path, after, before }) => {
    const sighting = observed.get(path) ?? { kind: 'nothing' };
    const content = after === null ? undefined : contents.get(after.blob);
    const file = after === null || content === undefined ? null : { content, mode: after.mode };
    return { path, file, observed: sighting, changesMode: before?.mode !== after?.mode };
  });
}

/** Files that changed between being checked and being about to be replaced. */
async function haveMoved(root: string, steps: readonly Step[]): Promise<readonly string[]> {
  const now = await Promise.all(steps.map(async ({ path }) => await observe(root, path)));
  return steps.flatMap(({ path, observed }, at) => (isSameSighting(observed, now[at]) ? [] : [path]));
}

function isSameSighting(a: Observed, b: Observed | undefined): boolean {
  if (a.kind === 'file' && b?.kind === 'file') return a.stamp === b.stamp && a.blob === b.blob;
  return a.kind === b?.kind;
}
