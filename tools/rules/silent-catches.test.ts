import { expect, test } from 'vitest';
import { parseSource } from '../source.ts';
import { checkSilentCatches } from './silent-catches.ts';

function faults(text: string, path = 'packages/core/src/journal/open.ts'): number {
  return checkSilentCatches([parseSource(path, `export function f(log: any, reject: any) { ${text} }`)]).length;
}

test.each([
  `try { g(); } catch { }`,
  `try { g(); } catch (error) { }`,
  `try { g(); } catch { return undefined; }`,
  `try { g(); } catch (error) { return undefined; }`,
  `try { g(); } catch (error) { void error; }`,
  `try { g(); } catch (error) { error; }`,
  `try { g(); } catch (error) { if (error instanceof TypeError) return 1; }`,
  `try { g(); } catch (error) { return error ? 1 : 2; }`,
  `try { g(); } catch (error) { return { error: 1 }; }`,
  `try { g(); } catch { /* ignore */ }`,
  `try { g(); } catch { /* TODO handle this failure some other day */ }`,
  `g().catch(() => {});`,
  `g().catch(() => undefined);`,
  `g().catch(function () {});`,
  `g().then(h, () => undefined);`,
])('refuses %s', (text) => {
  expect(faults(text)).toBe(1);
});

test.each([
  `try { g(); } catch (error) { throw new Error('while opening', { cause: error }); }`,
  `try { g(); } catch (error) { if (error instanceof TypeError) return 1; throw error; }`,
  `try { g(); } catch (error) { return { kind: 'failed', cause: error }; }`,
  `try { g(); } catch ({ message }) { return message; }`,
  `try { g(); } catch (error) { reject(error); }`,
  `try { g(); } catch (error) { log.warn('closing', error); }`,
  `try { g(); } catch { this.#logger.warn('closing failed'); }`,
  `try { g(); } catch { /* the file may be gone already, which is what we want */ }`,
  `try { g(); } catch { // the process has ended, so there is nothing to stop
    return undefined; }`,
  `g().catch((error) => log.warn(error));`,
  `g().catch(reject);`,
  `g().catch(() => { /* the stream was closed by its reader */ });`,
])('allows %s', (text) => {
  expect(faults(text)).toBe(0);
});

test.each([
  `/** A process may end between two reads: nothing to see. */\nfunction read() { try { g(); } catch { return undefined; } }`,
  `// A process may end between two reads.\nexport function read() { try { g(); } catch { } }`,
  `class A {\n  /** A process may end between two reads. */\n  #read() { try { g(); } catch { } }\n}`,
  `g().catch(() => {}); // the failure reaches whoever waits for it`,
  `function read() {\n  g();\n  try { g(); } catch { } // gone meanwhile: its owner removed it\n}`,
])('words beside it or above its own function explain it: %s', (text) => {
  expect(checkSilentCatches([parseSource('tools/a.ts', text)])).toEqual([]);
});

test.each([
  `/** A process may end between two reads. */\nfunction read() { g(); try { g(); } catch { } }`,
  `/** A process may end between two reads. */\n\nfunction read() { try { g(); } catch { } }`,
  `// A process may end between two reads.\ng().catch(() => {});`,
])('words that belong to something else do not: %s', (text) => {
  expect(checkSilentCatches([parseSource('tools/a.ts', text)])).toHaveLength(1);
});

test('each of several catches answers for itself', () => {
  expect(faults(`try { try { g(); } catch { } } catch (error) { throw error; }`)).toBe(1);
});

test('a test may expect a failure in silence', () => {
  expect(faults(`try { g(); } catch { }`, 'packages/core/src/journal/open.test.ts')).toBe(0);
});
