import { join } from 'node:path';
import { z } from 'zod';
import { upwards, type ProjectFiles } from './project-files.ts';

const names = z.record(z.string(), z.string()).catch({});

const manifestSchema = z.object({
  name: z.string().optional().catch(undefined),
  scripts: names.default({}),
  dependencies: names.default({}),
  devDependencies: names.default({}),
  workspaces: z
    .union([z.array(z.string()), z.object({ packages: z.array(z.string()) }).transform(({ packages }) => packages)])
    .catch([])
    .default([]),
  bin: z.union([z.string(), names]).optional(),
});
export type PackageManifest = z.infer<typeof manifestSchema>;

/** A package.json, with what is malformed in it left out; undefined when there is none or it is no JSON. */
export function readManifest(files: ProjectFiles, path = 'package.json'): PackageManifest | undefined {
  const text = files.readText(path);
  if (text === undefined) return undefined;
  try {
    const parsed = manifestSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // A broken package.json names no runner; detection goes on with the files.
  }
}

const levelsAbove = 5;

/** The script behind a dependency's command, in the project's node_modules or that of a monorepo around it. */
export function installedScript(files: ProjectFiles, name: string): string | undefined {
  for (const up of upwards(levelsAbove)) {
    const home = join(up, 'node_modules', name);
    const bin = readManifest(files, join(home, 'package.json'))?.bin;
    const script = typeof bin === 'string' ? bin : bin?.[name];
    if (script !== undefined) return join(home, script);
  }
  return undefined;
}

/** The directories of a monorepo's packages, sorted. */
export function workspaceDirectories(files: ProjectFiles, manifest: PackageManifest): string[] {
  const included = manifest.workspaces.filter((pattern) => !pattern.startsWith('!'));
  const found = included.flatMap((pattern) => files.list(join(pattern, 'package.json')));
  return [...new Set(found.map((path) => join(path, '..')))].toSorted();
}

/** The files below one directory of a project, as a project of their own. */
export function packageFiles(files: ProjectFiles, directory: string): ProjectFiles {
  return {
    exists: (path) => files.exists(join(directory, path)),
    readText: (path) => files.readText(join(directory, path)),
    list: (glob) => files.list(join(directory, glob)).map((path) => path.slice(directory.length + 1)),
  };
}
