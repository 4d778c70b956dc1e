/**
 * Ids for the chunks of one file, by their symbols: `src/a.ts#parse`; for the second of a symbol `src/a.ts#parse@2`; for one
 * without `src/a.ts#@1`. A chunk that is added or removed moves the numbers of chunks without symbol alone. `%` and `#` in
 * the path are escaped, so that an id has one path.
 */
export function chunkIds(path: string, symbols: readonly (string | undefined)[]): readonly string[] {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return symbols.map((symbol = '') => {
    for (;;) {
      const count = (counts.get(symbol) ?? 0) + 1;
      counts.set(symbol, count);
      const name = count === 1 && symbol !== '' ? symbol : `${symbol}@${count}`;
      if (taken.has(name)) continue;
      taken.add(name);
      return `${escaped(path)}#${name}`;
    }
  });
}

/** The path of the file that a chunk was cut from. */
export function pathOfChunk(id: string): string {
  const end = id.indexOf('#');
  return (end < 0 ? id : id.slice(0, end)).replaceAll('%23', '#').replaceAll('%25', '%');
}

function escaped(path: string): string {
  return path.replaceAll('%', '%25').replaceAll('#', '%23');
}
