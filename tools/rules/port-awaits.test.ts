import { expect, test } from 'vitest';
import { parseSource } from '../source.ts';
import { checkPortAwaits } from './port-awaits.ts';

function faults(body: string, path = 'packages/core/src/runtime/scheduler.ts'): string[] {
  const text = `import { drain, Ledger, type Timers } from './ledger.ts'; import { read } from '../journal/read.ts';
    async function local() {} function openLedger(): Ledger {} const arrow = async () => {};
    export async function f(given: any) { ${body} }`;
  return checkPortAwaits([parseSource(path, text)]).map(({ message }) => message);
}

test.each([
  `await this.#ports.store.append(1);`,
  `await ports.clock.sleep(5);`,
  `await this.#store.append(1);`,
  `await given.invoker.invoke(1);`,
  `await this.#store?.close();`,
  `await local(); await arrow(); await drain();`,
  `await this.#step(1);`,
  `await ledger.settle(); await given.timers.stop();`,
  `await Promise.all([local(), this.#store.append(1)]);`,
  `await Promise.all(given.map((run) => drain(run)));`,
  `await Promise.race(given.map(async (run) => { await drain(run); }));`,
  `await Promise.all([...given.map((run) => drain(run)), local()]);`,
  `for await (const event of this.#store.tail(0)) void event;`,
  `await this.#store.append(1).catch((error) => drain(error)); await local().finally(drain);`,
  `const begun = given.invoker.invoke(1); await begun; await Promise.race([begun, local()]);`,
  `const log: Ledger = given; await log.settle();`,
  `const log = new Ledger(); await log.settle();`,
  `const log = openLedger(); await log.settle();`,
  `class A { readonly #log: Ledger | undefined; async f() { await this.#log?.settle(); } }`,
  `// not-a-port: the worker thread hands over its batch\nawait given;`,
])('allows %s', (body) => {
  expect(faults(body)).toEqual([]);
});

test.each([
  `await given;`,
  `await fetch('x');`,
  `await read(1);`,
  `await new Promise((resolve) => resolve(1));`,
  `await given.anything();`,
  `await store(1);`,
  `await Promise.all([local(), given]);`,
  `await Promise.all(given.map((run) => read(run)));`,
  `await Promise.all(given);`,
  `for await (const event of given) void event;`,
  `await given.anything().catch(drain);`,
  `const begun = given.anything(); await begun;`,
  `const self = self; await self;`,
  `const log: Foreign = given; await log.settle();`,
  `// not-a-port: because\nawait given;`,
])('refuses %s', (body) => {
  expect(faults(body)).toHaveLength(1);
});

test('holds in the runtime, outside its tests', () => {
  expect(faults(`await given;`, 'packages/core/src/journal/sqlite.ts')).toEqual([]);
  expect(faults(`await given;`, 'packages/core/src/runtime/scheduler.test.ts')).toEqual([]);
});
