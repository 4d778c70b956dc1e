import type { Detection } from './detection.ts';
import type { ProjectFiles } from './project-files.ts';
import type { TestCommand } from './test-command.ts';

const testGlobs = ['**/test*.py', '**/*_test.py'];
const mostFilesRead = 200;

const configurations: readonly { readonly file: string; readonly pattern: RegExp }[] = [
  { file: 'pytest.ini', pattern: /^/ },
  { file: 'conftest.py', pattern: /^/ },
  { file: 'pyproject.toml', pattern: /^\[tool\.pytest/m },
  { file: 'setup.cfg', pattern: /^\[tool:pytest\]/m },
  { file: 'tox.ini', pattern: /^\[pytest\]/m },
];

/** pytest where the project is configured for it or its tests need it (it runs unittest's cases too), else unittest. */
export function detectPython(files: ProjectFiles): Detection | undefined {
  const configured = configurations.find(
    ({ file, pattern }) => pattern.test(files.readText(file) ?? '\u0000') && files.exists(file),
  );
  if (configured !== undefined) return python('pytest', `${configured.file} configures pytest`);
  const paths = [...new Set(testGlobs.flatMap((glob) => files.list(glob)))].toSorted().slice(0, mostFilesRead);
  const texts = paths.map((path) => ({ path, text: files.readText(path) ?? '' }));
  const needsPytest = texts.find(
    ({ text }) => /^\s*(?:import|from)\b.*\bpytest\b/m.test(text) || /^(?:async )?def test\w*\(/m.test(text),
  );
  if (needsPytest !== undefined) return python('pytest', `${needsPytest.path} is written for pytest`);
  const unittest = texts.find(({ text }) => /^\s*(?:import|from)\b.*\bunittest\b/m.test(text));
  return unittest === undefined ? undefined : python('unittest', `${unittest.path} imports unittest`);
}

function python(runner: 'pytest' | 'unittest', why: string): Detection {
  const command: TestCommand = { runner, directory: '.', nodeOptions: [], arguments: [], environment: {} };
  return { kind: 'found', runner, command, why, others: [] };
}
