import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KnownAgent } from '@vltair/core';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { verifies } from '../../../e2e/verifies.ts';
import { validateWorkflowFile } from '../src/workflow-file.ts';

interface Table {
  readonly agents: Readonly<Record<string, KnownAgent>>;
  readonly workflows: readonly {
    readonly title: string;
    readonly workflow: string;
    readonly problems: readonly string[];
  }[];
}

const table = parse(readFileSync(join(import.meta.dirname, 'broken-workflows.yaml'), 'utf8')) as Table;
const agents = new Map(Object.entries(table.agents));
const directory = mkdtempSync(join(tmpdir(), 'vltair-broken-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** `line:column reason: message`, warnings last. */
async function problemsOf(text: string): Promise<readonly string[]> {
  const path = join(directory, 'broken.yaml');
  writeFileSync(path, text);
  const { errors, warnings } = await validateWorkflowFile(path, agents);
  return [...errors, ...warnings].map(({ severity, reason, message, line, column }) => {
    const place = line === undefined ? '' : `${line}:${column} `;
    return `${place}${severity === 'warning' ? 'warning ' : ''}${reason}: ${message}`;
  });
}

test.each(table.workflows)('$title', async ({ workflow, problems }) => {
  expect(await problemsOf(workflow)).toEqual(problems);
});

test('the table is large, and each of its workflows has a problem of its own', () => {
  verifies('H-08');
  expect(table.workflows.length).toBeGreaterThanOrEqual(30);
  const said = table.workflows.map(({ problems }) => problems.join('\n'));
  expect(new Set(said).size).toBe(said.length);
  expect(said).not.toContain('');
});
