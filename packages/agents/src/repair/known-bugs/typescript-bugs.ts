/** TypeScript and TSX: typed services, generics, classes with fields, components. */
import type { KnownBug } from './known-bug.ts';

const ledger = `export interface Entry {
  readonly account: string;
  readonly amount: number;
  readonly at: Date;
}

export class Ledger {
  readonly #entries: Entry[] = [];
  private limit: number;

  constructor(limit = 100) {
    this.limit = limit;
  }

  add(entry: Entry): boolean {
    if (this.#entries.length >= this.limit) return false;
    this.#entries.push(entry);
    return true;
  }

  balance(account: string): number {
    return this.#entries
      .filter((entry) => entry.account === account)
      .reduce((sum, entry) => sum + entry.amount, 0);
  }

  entries(): readonly Entry[] {
    return [...this.#entries];
  }

  since(date: Date): Entry[] {
    return this.#entries.filter((entry) => entry.at.getTime() >= date.getTime());
  }
}
`;

const users = `type User = { id: number; name: string; email?: string; tags: string[] };

export async function findUser(load: (id: number) => Promise<User | null>, id: number): Promise<string> {
  const user = await load(id);
  if (user === null) return 'unknown';
  return user.email ?? user.name;
}

export function byTag(users: readonly User[]): Map<string, User[]> {
  const groups = new Map<string, User[]>();
  for (const user of users) {
    for (const tag of user.tags) {
      const group = groups.get(tag) ?? [];
      group.push(user);
      groups.set(tag, group);
    }
  }
  return groups;
}

export function initials(user: User): string {
  return user.name
    .split(' ')
    .map((part) => part.charAt(0).toUpperCase())
    .join('');
}

export function page<T>(items: readonly T[], number: number, size: number): readonly T[] {
  const start = (number - 1) * size;
  return items.slice(start, start + size);
}
`;

const component = `import { useState } from 'react';

export function Stars({ count, max = 5 }: { count: number; max?: number }) {
  const [hover, setHover] = useState<number | null>(null);
  const shown = hover ?? count;
  return (
    <ul>
      {Array.from({ length: max }, (_, index) => (
        <li key={index} onMouseEnter={() => setHover(index + 1)}>
          {index < shown ? '★' : '☆'}
        </li>
      ))}
    </ul>
  );
}
`;

const vector = `export class Vector {
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }

  dot(other: Vector): number {
    return this.x * other.x + this.y * other.y;
  }

  length(): number {
    return Math.sqrt(this.dot(this));
  }

  rotate(angle: number): Vector {
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    return new Vector(this.x * cos - this.y * sin, this.x * sin + this.y * cos);
  }

  static sum(vectors: readonly Vector[]): Vector {
    let total = new Vector(0, 0);
    for (const each of vectors) total = new Vector(total.x + each.x, total.y + each.y);
    return total;
  }
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
`;

const ts = (name: string, correct: string, ...change: KnownBug['change']): KnownBug => ({
  name,
  language: 'typescript',
  correct,
  change,
});
const tsx = (name: string, correct: string, ...change: KnownBug['change']): KnownBug => ({
  ...ts(name, correct, ...change),
  language: 'tsx',
});

export const typescriptBugs: readonly KnownBug[] = [
  ts('ledger takes one too many', ledger, 'length >= this.limit', 'length > this.limit'),
  ts('ledger says no to success', ledger, 'return true', 'return false'),
  ts('ledger puts new entries first', ledger, '.push(entry)', '.unshift(entry)'),
  ts('balance of the others', ledger, 'entry.account === account', 'entry.account !== account'),
  ts('balance subtracts', ledger, 'sum + entry.amount', 'sum - entry.amount'),
  ts('balance starts with the first entry', ledger, 'sum + entry.amount, 0)', 'sum + entry.amount, 1)'),
  ts('ledger hands out its own list', ledger, '[...this.#entries]', 'this.#entries'),
  ts('ledger forgets its limit', ledger, 'limit = 100', 'limit = 10'),
  ts('user is not awaited', users, 'await load(id)', 'load(id)'),
  {
    ...ts('user that is missing', users, "  if (user === null) return 'unknown';\n", ''),
    equal: "  if (user == null) return 'unknown';\n",
    expected: "'unknown'",
  },
  ts('user prefers the name', users, 'user.email ?? user.name', 'user.name ?? user.email'),
  ts('user without email', users, 'user.email ?? user.name', 'user.email'),
  ts('group is thrown away', users, '      groups.set(tag, group);\n', ''),
  ts('group under the wrong key', users, 'groups.get(tag) ?? []', 'groups.get(user.name) ?? []'),
  ts('initials take the second letter', users, 'charAt(0)', 'charAt(1)'),
  ts('initials in lower case', users, 'toUpperCase', 'toLowerCase'),
  ts('initials with blanks', users, "join('')", "join(' ')"),
  ts('page counts from zero', users, '(number - 1) * size', 'number * size'),
  ts('page ends at its size', users, 'slice(start, start + size)', 'slice(start, size)'),
  tsx('stars show one more', component, 'index < shown', 'index <= shown'),
  tsx('stars hover one less', component, 'setHover(index + 1)', 'setHover(index)'),
  tsx('stars are inverted', component, "'★' : '☆'", "'☆' : '★'"),
  ts('dot product mixes axes', vector, 'this.y * other.y', 'this.y * other.x'),
  ts('rotation turns back', vector, 'this.x * cos - this.y', 'this.x * cos + this.y'),
  ts('vector has no y', vector, '    this.y = y;\n', ''),
  ts('sum keeps the last', vector, 'total.x + each.x', 'each.x'),
  ts('clamp exchanges its limits', vector, 'Math.max(value, low), high', 'Math.max(value, high), low'),
  ts('gcd ends with the wrong one', vector, '? a : gcd', '? b : gcd'),
  ts('gcd divides', vector, 'a % b', 'a / b'),
  ts('length is the square', vector, 'Math.sqrt(this.dot(this))', 'this.dot(this)'),
];
