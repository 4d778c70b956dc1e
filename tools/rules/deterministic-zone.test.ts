import { expect, test } from 'vitest';
import { parseSource } from '../source.ts';
import { checkDeterministicZone } from './deterministic-zone.ts';

const MACHINE = 'packages/core/src/machine/decide.ts';

function faults(text: string, path = MACHINE): number {
  return checkDeterministicZone([parseSource(path, text)]).length;
}

test.each([
  `export const now = () => Date.now();`,
  `export const now = () => globalThis.Date.now();`,
  `export const now = Date['now'];`,
  `export const now = () => new Date();`,
  `export const now = () => Date();`,
  `export const t = () => performance.now();`,
  `export const r = () => Math.random();`,
  `export const r = Math.random;`,
  `export const id = () => crypto.randomUUID();`,
  `import { randomUUID } from 'node:crypto';`,
  `import { randomBytes as bytes } from 'node:crypto';`,
  `import { v7 } from 'uuid'; export const id = () => v7();`,
  `export const home = process.env['HOME'];`,
  `export const env = process;`,
  `setTimeout(() => 1, 5);`,
  `export const timers = [setTimeout];`,
  `import { readFileSync } from 'node:fs';`,
  `import { readFile } from 'fs/promises';`,
  `import net from 'node:net';`,
  `import type { Socket } from 'node:net';`,
  `await import('node:child_process');`,
  `export const order = (a: string, b: string) => a.localeCompare(b);`,
  `export async function f(p: Promise<void>) { await p; }`,
])('refuses %s', (text) => {
  expect(faults(text)).toBeGreaterThan(0);
});

test.each([
  `export const at = (ts: number) => new Date(ts).toISOString();`,
  `import { createHash } from 'node:crypto'; createHash('sha256');`,
  `import { v7 } from 'uuid'; export const id = (msecs: number, random: Uint8Array) => v7({ msecs, random });`,
  `export const order = (a: string, b: string) => (a < b ? -1 : 1);`,
  `export interface Clock { readonly process: string; setTimeout(ms: number): void }`,
  `export const text = 'Date.now() and process.env'; // Math.random()`,
  `export const run = (state: { process: number }) => state.process;`,
])('allows %s', (text) => {
  expect(faults(text)).toBe(0);
});

test('holds in the whole zone, outside its tests, and nowhere else', () => {
  const text = `export const now = () => Date.now();`;
  expect(faults(text, 'packages/protocol/src/ids.ts')).toBe(1);
  expect(faults(text, 'packages/governance/src/rules/a.ts')).toBe(1);
  expect(faults(text, 'packages/context/src/index/scan.ts')).toBe(1);
  expect(faults(text, 'packages/core/src/machine/decide.test.ts')).toBe(0);
  expect(faults(text, 'packages/core/src/runtime/clock.ts')).toBe(0);
});

test('only the machine itself may never wait', () => {
  const text = `export async function f(p: Promise<void>) { await p; }`;
  expect(faults(text, 'packages/protocol/src/client.ts')).toBe(0);
});
