import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { z } from 'zod';

/** A file of JSON lines with one writer. A line that has been written survives a kill of its writer. */
export class LineJournal<T> {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
    writeSync(this.#file, '\n'); // behind what a killed writer left unfinished
  }

  write(record: T): void {
    writeSync(this.#file, `${JSON.stringify(record)}\n`);
  }

  /** The same, and a power cut too. */
  writeSynced(record: T): void {
    this.write(record);
    fsyncSync(this.#file);
  }
}

/** The lines of a journal; what a killed writer left unfinished is left out. */
export function readLines<T>(path: string, schema: z.ZodType<T>): readonly T[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const parsed = schema.safeParse(jsonOf(line));
      return parsed.success ? [parsed.data] : [];
    });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // A torn line says nothing.
    return undefined;
  }
}
