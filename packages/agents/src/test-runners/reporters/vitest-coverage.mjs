// Setup file that the reporter adds to every vitest project when coverage is asked for.
import coverage from './case-coverage.cjs';

// The vitest of the project under test, which no manifest of ours names.
const runner = 'vitest';
const { afterEach, beforeEach } = await import(runner);

beforeEach(() => coverage.begin());
afterEach(({ task }) => coverage.end(task.file.filepath, titlesOf(task)));

function titlesOf(task) {
  const titles = [task.name];
  for (let suite = task.suite; suite && suite !== task.file && suite.name; suite = suite.suite)
    titles.unshift(suite.name);
  return titles;
}
