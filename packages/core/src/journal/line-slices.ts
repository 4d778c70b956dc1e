interface Payloaded {
  readonly payload?: string;
}

/** A slice that has either is full. */
export interface SliceLimits {
  readonly lines: number;
  readonly characters: number;
}

/** Lines of a log, in order, in slices that bound the memory which one of them costs. */
export function slicesOf<T extends Payloaded>(lines: readonly T[], limits: SliceLimits): readonly (readonly T[])[] {
  const slices: T[][] = [];
  let characters = 0;
  for (const line of lines) {
    const slice = slices.at(-1);
    if (slice === undefined || slice.length >= limits.lines || characters >= limits.characters) {
      slices.push([line]);
      characters = 0;
    } else slice.push(line);
    characters += line.payload?.length ?? 0;
  }
  return slices;
}
