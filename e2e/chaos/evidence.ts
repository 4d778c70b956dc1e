import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { heardSchema, type Heard } from './heard.ts';
import { readLines } from './line-journal.ts';
import { registerLineSchema, type RegisterLine } from './register-history.ts';

/** What workers and clients heard, by run; what tells of no run is left out. */
export function heardByRun(directory: string): ReadonlyMap<string, readonly Heard[]> {
  const byRun = new Map<string, Heard[]>();
  for (const heard of journalsOf(directory, /^(worker|client)-/).flatMap((path) => readLines(path, heardSchema))) {
    if (!('run' in heard)) continue;
    const list = byRun.get(heard.run) ?? [];
    list.push(heard);
    byRun.set(heard.run, list);
  }
  return byRun;
}

export function registerLines(directory: string): readonly RegisterLine[] {
  return journalsOf(directory, /^(writer|reader)-/).flatMap((path) => readLines(path, registerLineSchema));
}

function journalsOf(directory: string, name: RegExp): readonly string[] {
  const files = readdirSync(directory).filter((file) => name.test(file) && file.endsWith('.jsonl'));
  return files.toSorted().map((file) => join(directory, file));
}
