import { describe, expect, it } from 'vitest';
import { Naturalness } from './naturalness.ts';

const project = [
  'const route = routes.get(method, path);\nroutes.set(method, route);\n',
  'for (let i = 0; i < items.length; i++) total += items[i];\nfor (let j = 0; j < rows.length; j++) rows[j] = 0;\n',
  'for (let k = 0; k <= names.length; k++) print(names[k]);\n',
];
const alone = { previous: [], next: [] };

describe('Naturalness', () => {
  const model = new Naturalness(project);
  const bug = 'for (let k = 0; k <= names.length; k++) print(names[k]);';

  it('prefers what the project does elsewhere', () => {
    expect(model.gain(bug, bug.replace('<=', '<'), alone)).toBeGreaterThan(0.1);
    expect(model.gain(bug, bug.replace('<=', '>='), alone)).toBe(0);
  });

  it('does not count the line itself among what the project does', () => {
    const line = 'routes.set(method, route);';
    expect(new Naturalness([line]).gain(line, 'routes.set(unseen, other);', alone)).toBe(0);
    expect(new Naturalness([line, line]).gain(line, 'routes.set(unseen, other);', alone)).toBeLessThan(-1);
  });

  it('reads the tokens around the line', () => {
    const before = { previous: ['i', '<'], next: ['.', 'length'] };
    expect(model.gain('rows', 'items', before)).toBeGreaterThan(model.gain('rows', 'items', alone));
  });

  it('knows nothing of an empty project', () => {
    expect(new Naturalness([]).gain('a', 'b', alone)).toBe(0);
  });
});
