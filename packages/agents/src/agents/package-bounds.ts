import { importsOf, type Sources } from '../repair/import-graph.ts';
import { foldersAbove } from '../workspace/tree-path.ts';

/** Which part of a monorepo a repair may touch. */
export interface PackageRequest {
  readonly sources: Sources;
  /** The package that was asked about, relative to the root. */
  readonly packagePath: string;
  /** Folder of each package of the monorepo by its name. */
  readonly packages: ReadonlyMap<string, string>;
}

/**
 * The sources that a package does not reach by imports, neither by path nor by the name of another package: those that its
 * repair must leave alone. A folder without any reached source is given as one entry that ends in `/`. Sorted.
 */
export function beyondPackage(request: PackageRequest): readonly string[] {
  const { sources, packagePath } = request;
  const reached = new Set([...sources.keys()].filter((file) => file.startsWith(`${packagePath}/`)));
  // A Set visits entries that are added while it is walked: this loop is a breadth-first search.
  for (const file of reached) for (const target of targetsOf(file, request)) reached.add(target);
  const open = new Set([packagePath, ...foldersAbove(packagePath), ...[...reached].flatMap(foldersAbove)]);
  const beyond = [...sources.keys()].filter((file) => !reached.has(file));
  const entries = beyond.map((file) => {
    const closed = foldersAbove(file)
      .toSorted()
      .find((folder) => !open.has(folder));
    return closed === undefined ? file : `${closed}/`;
  });
  return [...new Set(entries)].toSorted();
}

function targetsOf(file: string, { sources, packages }: PackageRequest): readonly string[] {
  const text = sources.get(file) ?? '';
  const named = [...text.matchAll(specifier)].flatMap(([, , name = '']) => {
    const folder = packages.get(name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
    return folder === undefined ? [] : [...sources.keys()].filter((each) => each.startsWith(`${folder}/`));
  });
  return [...importsOf(file, sources), ...named];
}

const specifier = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([\w@][^'"\n]*)\1/g;
