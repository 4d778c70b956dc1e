/**
 * Which files of a repository a file imports, resolved over the map of sources alone.
 *
 * Scripts: relative specifiers of `import`, `export from`, `require` and dynamic `import`, with TypeScript's habit of naming the
 * built file (`./cart.js` for `cart.ts`). Python: absolute modules searched from the importing file's folder upwards and in
 * `src`, and relative modules. Packages from outside the repository resolve to nothing.
 */
import { languageOf } from './language.ts';

/** The sources of a repository by path relative to its root. */
export type Sources = ReadonlyMap<string, string>;

const scriptImport = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])(\.{1,2}(?:\/[^'"\n]*)?)\1/g;
const pythonImport = /^[ \t]*import[ \t]+([^\n#]+)/gm;
const pythonFrom = /^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)/gm;
const scriptEndings = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'];

/** The repository's files that `file` imports, sorted, each once. */
export function importsOf(file: string, sources: Sources): readonly string[] {
  const source = sources.get(file) ?? '';
  const found =
    languageOf(file) === 'python' ? pythonTargets(file, source, sources) : scriptTargets(file, source, sources);
  return [...new Set(found)].filter((target) => target !== file).toSorted();
}

/** How many imports lie between a file and the nearest of `roots`: 0 for a root, absent when unreachable. */
export function importDistances(roots: readonly string[], sources: Sources): ReadonlyMap<string, number> {
  const distances = new Map<string, number>(roots.filter((root) => sources.has(root)).map((root) => [root, 0]));
  for (const [file, distance] of distances) {
    // A Map visits entries that are added while it is walked: this loop is a breadth-first search.
    for (const target of importsOf(file, sources)) if (!distances.has(target)) distances.set(target, distance + 1);
  }
  return distances;
}

function scriptTargets(file: string, source: string, sources: Sources): string[] {
  return [...source.matchAll(scriptImport)].flatMap((match) => {
    const target = joinPath(folderOf(file), match[2] ?? '');
    const bare = target.replace(/\.[mc]?jsx?$/, '');
    const names = [
      ...scriptEndings.map((ending) => target + ending),
      ...scriptEndings.slice(1).map((ending) => bare + ending),
      ...scriptEndings.slice(1).map((ending) => `${target === '' ? '' : `${target}/`}index${ending}`),
    ];
    return firstKnown(names, sources);
  });
}

function pythonTargets(file: string, source: string, sources: Sources): string[] {
  const plain = [...source.matchAll(pythonImport)].flatMap((match) =>
    (match[1] ?? '').split(',').flatMap((part) => pythonModule(file, part.trim().split(/\s+/)[0] ?? '', sources)),
  );
  const named = [...source.matchAll(pythonFrom)].flatMap((match) => {
    const module = match[1] ?? '';
    const names = (match[2] ?? '')
      .replace(/[()]/g, '')
      .split(',')
      .map((part) => part.trim().split(/\s+/)[0] ?? '');
    const joined = names.map((name) => (module.endsWith('.') ? module + name : `${module}.${name}`));
    return [module, ...joined].flatMap((name) => pythonModule(file, name, sources));
  });
  return [...plain, ...named];
}

function pythonModule(file: string, module: string, sources: Sources): string[] {
  const dots = /^\.*/.exec(module)?.[0].length ?? 0;
  const path = module.slice(dots).replaceAll('.', '/');
  if (dots === 0 && path === '') return [];
  const bases = dots === 0 ? searchFolders(file) : [joinPath(folderOf(file), '../'.repeat(dots - 1))];
  return firstKnown(
    bases.flatMap((base) => {
      const whole = joinPath(base, path);
      return path === '' ? [joinPath(whole, '__init__.py')] : [`${whole}.py`, joinPath(whole, '__init__.py')];
    }),
    sources,
  );
}

/** The importing file's folder, then each folder above it, each also with its `src` and `lib`. */
function searchFolders(file: string): string[] {
  const parts = folderOf(file)
    .split('/')
    .filter((part) => part !== '');
  const folders = Array.from({ length: parts.length + 1 }, (_, index) =>
    parts.slice(0, parts.length - index).join('/'),
  );
  return folders.flatMap((folder) => [folder, joinPath(folder, 'src'), joinPath(folder, 'lib')]);
}

function firstKnown(names: readonly string[], sources: Sources): string[] {
  return names.filter((name) => sources.has(name)).slice(0, 1);
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '';
}

function joinPath(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${base}/${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
