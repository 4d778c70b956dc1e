// What must be true of the repository as a whole and is nobody's code.
import { existsSync, globSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifies } from '../e2e/verifies.ts';
import { MAY_IMPORT } from './rules/boundaries.ts';
import { listFiles } from './source.ts';

const ROOT = join(import.meta.dirname, '..');

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function readManifest(path: string): {
  name: string;
  license?: string;
  version?: string;
  scripts?: Record<string, string>;
} {
  return JSON.parse(read(path)) as ReturnType<typeof readManifest>;
}

describe('licence', () => {
  const manifests = ['package.json', ...globSync('packages/*/package.json', { cwd: ROOT }).toSorted()];

  test('the LICENSE file is the whole Apache License 2.0', () => {
    verifies('PR-3');
    const text = read('LICENSE');
    expect(text).toContain('Apache License\n                           Version 2.0, January 2004');
    expect(text).toContain('9. Accepting Warranty or Additional Liability.');
    expect(text).toContain('END OF TERMS AND CONDITIONS');
    expect(text.split('\n').length).toBeGreaterThan(170);
  });

  test.each(manifests)('%s says Apache-2.0', (path) => {
    verifies('PR-3');
    expect(readManifest(path).license).toBe('Apache-2.0');
  });

  test('all packages carry one version', () => {
    expect(new Set(manifests.map((path) => readManifest(path).version)).size).toBe(1);
  });
});

describe('stores in tests', () => {
  const OPENS = /\b(?:openSqliteStore|openPostgresStore|openApplication)\(/;
  /** Files of tests that open one by themselves, and why their runs are replayed all the same, or are none. */
  const ALLOWED: Readonly<Record<string, string>> = {
    'packages/core/test/replayed-store.ts': 'it is what replays',
    'packages/server/test/replayed-application.ts': 'it is what replays',
    'packages/core/test/kill-child.ts': 'its parent opens the store again, and replays',
    'packages/core/test/appending-child.ts': 'events of no run, for the journal alone',
    'packages/core/test/many-writers.ts': 'events of no run, for the journal alone',
    'packages/core/test/postgres-place.ts': 'events of no run, for the journal alone',
    'packages/core/test/postgres-store.test.ts': 'events of no run, for the journal alone',
    'packages/core/test/sqlite-exit.test.ts': 'events of no run, for the journal alone',
    'packages/core/test/sqlite-race.test.ts': 'appends nothing',
  };
  const tests = globSync(['packages/*/test/**/*.ts', 'packages/*/src/**/*.test.ts'], { cwd: ROOT });

  test('are opened by what replays their runs when it closes', () => {
    verifies('OC-14');
    const opening = tests.filter((path) => OPENS.test(read(path)));
    expect(opening.toSorted()).toEqual(Object.keys(ALLOWED).toSorted());
  });
});

describe('decisions', () => {
  const folder = join(ROOT, 'docs', 'decisions');
  const records = readdirSync(folder).filter((name) => name !== 'README.md');
  const index = read('docs/decisions/README.md');

  test('each is indexed once, under its own title, and the index lists no other', () => {
    verifies('XB-4');
    const listed = [...index.matchAll(/^\| \[(\d{4})\]\(([\w-]+\.md)\) +\| (.*?) +\|/gmu)].map(
      ([, number, file, title]) => {
        return `${String(file)}: # ${String(number)}. ${String(title)}`;
      },
    );
    const written = records.map((name) => `${name}: ${read(`docs/decisions/${name}`).split('\n')[0] ?? ''}`);
    expect(listed).toEqual(written);
  });

  test.each(records)('%s has its four parts in order, on one page', (name) => {
    const text = read(`docs/decisions/${name}`);
    expect(name).toMatch(/^\d{4}-[a-z0-9-]+\.md$/u);
    expect([...text.matchAll(/^## (.*)$/gmu)].map(([, heading]) => heading)).toEqual([
      'Context',
      'Decision',
      'Consequences',
      'What would change our mind',
    ]);
    expect(text.split('\n').length).toBeLessThanOrEqual(80);
  });
});

describe('documents', () => {
  test('the air-gapped install is described from a mirror and without any network', () => {
    verifies('HARD-02');
    const page = read('docs/AIRGAP_INSTALL.md');
    expect(page).toContain('npm_config_registry=');
    expect(page).toMatch(/^npm ci --offline/m);
  });

  const documents = listFiles(ROOT).filter((path) => path.endsWith('.md'));

  test.each(documents)('%s links only to files that exist', (path) => {
    const links = [...read(path).matchAll(/\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)/gu)].map(([, target]) =>
      String(target),
    );
    const missing = links.filter((target) => !existsSync(join(ROOT, path, '..', target)));
    expect(missing).toEqual([]);
  });

  test.each(documents)('%s names only scripts that exist', (path) => {
    const scripts = Object.keys(readManifest('package.json').scripts ?? {});
    const named = [...read(path).matchAll(/npm (?:run (?:-s )?([\w:-]+)|(test)\b)/gu)].map(
      ([, run, own]) => run ?? own,
    );
    expect(named.filter((script) => script === undefined || !scripts.includes(script))).toEqual([]);
  });

  test('the architecture names every package that exists, and each has a place in the table of imports', () => {
    const packages = readdirSync(join(ROOT, 'packages'));
    const picture = read('ARCHITECTURE.md');
    for (const name of packages) expect(picture).toContain(`\`${name}\``);
    expect(Object.keys(MAY_IMPORT)).toEqual(expect.arrayContaining(packages));
  });
});

test('what runs is executable', () => {
  for (const path of ['.ci/run', 'packages/cli/bin/vltair'])
    expect(statSync(join(ROOT, path)).mode & 0o111, path).not.toBe(0);
});
