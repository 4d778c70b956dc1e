import { describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { REDACTED } from '../secrets.ts';
import { artifactSchema, type Artifact } from './artifact.ts';
import { artifactTexts, sanitizeArtifact } from './sanitize-artifact.ts';

const SECRET = `ghp_${'a1B2'.repeat(9)}`;

/** One artifact of each kind with the secret in every text. */
const artifacts: { readonly [Kind in Artifact['kind']]: Extract<Artifact, { kind: Kind }> } = {
  code: { kind: 'code', path: `${SECRET}.js`, content: SECRET },
  text: { kind: 'text', title: SECRET, text: SECRET },
  analysis: {
    kind: 'analysis',
    summary: SECRET,
    details: SECRET,
    findings: [{ severity: 'warn', file: SECRET, line: 1, message: SECRET, suggestion: SECRET }],
  },
  diff_summary: { kind: 'diff_summary', files: [{ path: SECRET, added: 1, deleted: 1 }], diff: SECRET },
  test_result: {
    kind: 'test_result',
    runner: 'node-test',
    command: [SECRET],
    outcome: 'failed',
    reason: SECRET,
    exitCode: 1,
    durationMs: 1,
    cases: [
      {
        id: SECRET,
        title: SECRET,
        file: SECRET,
        status: 'failed',
        message: SECRET,
        expected: SECRET,
        actual: SECRET,
        stack: [{ file: SECRET, line: 1, function: SECRET }],
      },
    ],
    flaky: [SECRET],
    log: SECRET,
  },
  coverage_hint: {
    kind: 'coverage_hint',
    failing: [{ test: SECRET, covered: [{ file: SECRET, lines: [1] }] }],
    passing: [],
  },
};

describe.each(Object.values(artifacts))('an artifact of kind $kind', (artifact) => {
  test('has no secret in its texts, and stays what it is otherwise', () => {
    verifies('V-10');
    const sanitised = sanitizeArtifact(artifact);
    expect(artifactSchema.parse(sanitised)).toEqual(sanitised);
    const texts: readonly string[] = artifactTexts[artifact.kind];
    const expected: unknown = JSON.parse(JSON.stringify(artifact), (key, value: unknown) =>
      texts.includes(key) ? REDACTED : value,
    );
    expect(sanitised).toEqual(expected);
    expect(sanitizeArtifact(sanitised)).toEqual(sanitised);
  });

  test('has the texts that the operator names hidden whole, and nothing else', () => {
    verifies('V-10');
    const plain = JSON.parse(JSON.stringify(artifact).replaceAll(SECRET, 'plain')) as Artifact;
    const [first] = artifactTexts[artifact.kind];
    const fields = { [artifact.kind]: [...(first === undefined ? [] : [first]), 'content', 'diff', 'id', 'kind'] };
    const expected: unknown = JSON.parse(JSON.stringify(plain), (key, value: unknown) =>
      key === first ? REDACTED : value,
    );
    expect(sanitizeArtifact(plain, { fields })).toEqual(expected);
  });
});
