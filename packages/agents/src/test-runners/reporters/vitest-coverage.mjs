// Setup file that the reporter adds to every vitest project when coverage is asked for.
import { afterEach, beforeEach } from 'vitest';
import coverage from './case-coverage.cjs';

beforeEach(() => coverage.begin());
afterEach(({ task }) => coverage.end(task.file.filepath, titlesOf(task)));

function titlesOf(task) {
  const titles = [task.name];
  for (let suite = task.suite; suite && suite !== task.file && suite.name; suite = suite.suite)
    titles.unshift(suite.name);
  return titles;
}
