import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandDefinitions } from '../src/command-definitions.ts';
import { buildProgram } from '../src/program.ts';
import { TextSink } from './command-fixture.ts';

const TEXT = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'commands.md'), 'utf8');

test('docs/commands.md describes every command, with an example, and no other', () => {
  const sections = [...TEXT.matchAll(/^### (\S+)$/gm)].map(([, name]) => name ?? '');
  const names = commandDefinitions.map(({ usage }) => usage.split(' ')[0] ?? '');
  expect(sections.toSorted()).toEqual(names.toSorted());
  for (const name of names) expect(TEXT).toMatch(new RegExp(`^\\$ vltair ${name}\\b`, 'm'));
});

test('every command line of docs/commands.md and of the help is understood', async () => {
  const shown = [...TEXT.matchAll(/^\$ (vltair .*)$/gm)].map(([, line]) => line ?? '');
  const examples = commandDefinitions.flatMap((definition) => definition.examples);
  for (const line of [...shown, ...examples]) {
    const words =
      line
        .split(' | ')[0]
        ?.match(/"[^"]*"|'[^']*'|\S+/g)
        ?.slice(1) ?? [];
    const chosen: string[] = [];
    const program = buildProgram(silentHost(), ({ parameters }) => chosen.push('chosen', ...parameters));
    await program.parseAsync(words, { from: 'user' });
    expect(chosen, line).toContain('chosen');
  }
});

test('every command can be loaded', async () => {
  for (const { load } of commandDefinitions) expect(await load()).toBeTypeOf('function');
});

function silentHost() {
  return {
    stdout: new TextSink(),
    stderr: new TextSink(),
    environment: {},
    commandName: 'vltair',
    directory: '/',
    signal: new AbortController().signal,
    readStdin: async () => await Promise.resolve(''),
    now: () => 0,
  };
}

test('every command line of docs/operations.md is understood', async () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'operations.md'), 'utf8');
  const lines = [...page.matchAll(/^ *(?:\$ )?(vltair .*?)(?: *#.*)?$/gm)].map(([, line]) => line ?? '');
  expect(lines.length).toBeGreaterThan(7);
  for (const line of lines) {
    const chosen: string[] = [];
    const program = buildProgram(silentHost(), ({ parameters }) => chosen.push('chosen', ...parameters));
    await program.parseAsync(line.split(' ').slice(1), { from: 'user' });
    expect(chosen, line).toContain('chosen');
  }
});
