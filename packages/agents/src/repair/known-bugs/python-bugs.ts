/** Python: text, dates, collections, generators, classes, async, recursion, numbers. */
import type { KnownBug } from './known-bug.ts';

const text = `import re


def wrap(text, width):
    lines = []
    current = ""
    for word in text.split():
        if current and len(current) + 1 + len(word) > width:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}".strip()
    if current:
        lines.append(current)
    return lines


def is_palindrome(text):
    letters = [c.lower() for c in text if c.isalnum()]
    return letters == letters[::-1]


def caesar(text, shift):
    out = []
    for c in text:
        if c.islower():
            out.append(chr((ord(c) - ord("a") + shift) % 26 + ord("a")))
        else:
            out.append(c)
    return "".join(out)


def camel_to_snake(name):
    return re.sub(r"(?<!^)([A-Z])", r"_\\1", name).lower()
`;

const numbers = `def primes(limit):
    sieve = [True] * (limit + 1)
    found = []
    for n in range(2, limit + 1):
        if sieve[n]:
            found.append(n)
            for multiple in range(n * n, limit + 1, n):
                sieve[multiple] = False
    return found


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def power(base, exponent):
    if exponent == 0:
        return 1
    half = power(base, exponent // 2)
    if exponent % 2 == 0:
        return half * half
    return half * half * base


def mean(values):
    if not values:
        return 0
    return sum(values) / len(values)


def variance(values):
    center = mean(values)
    return sum((v - center) ** 2 for v in values) / len(values)
`;

const collections = `from collections import defaultdict, deque


def group_by(items, key):
    groups = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)


def merge(first, second):
    result = dict(first)
    for name, count in second.items():
        result[name] = result.get(name, 0) + count
    return result


def chunks(items, size):
    for start in range(0, len(items), size):
        yield items[start:start + size]


def breadth_first(graph, root):
    seen = {root}
    order = []
    queue = deque([root])
    while queue:
        node = queue.popleft()
        order.append(node)
        for neighbour in graph.get(node, []):
            if neighbour not in seen:
                seen.add(neighbour)
                queue.append(neighbour)
    return order


def top(scores, count):
    return sorted(scores, key=lambda pair: pair[1], reverse=True)[:count]


def remove_all(items, unwanted):
    for item in list(items):
        if item == unwanted:
            items.remove(item)
    return items
`;

const account = `from datetime import timedelta


class Account:
    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance
        self.history = []

    def deposit(self, amount):
        if amount <= 0:
            raise ValueError("amount must be positive")
        self.balance += amount
        self.history.append(("deposit", amount))

    def withdraw(self, amount):
        if amount > self.balance:
            return False
        self.balance -= amount
        self.history.append(("withdraw", amount))
        return True

    def transfer(self, other, amount):
        if self.withdraw(amount):
            other.deposit(amount)
            return True
        return False

    @property
    def is_empty(self):
        return self.balance == 0


def due_date(start, days, holidays=()):
    date = start
    while days > 0:
        date += timedelta(days=1)
        if date.weekday() < 5 and date not in holidays:
            days -= 1
    return date


async def fetch_all(client, names):
    pages = []
    for name in names:
        page = await client.fetch(name)
        if page is None:
            continue
        pages.append(page.strip())
    return pages
`;

const python = (name: string, correct: string, ...change: KnownBug['change']): KnownBug => ({
  name,
  language: 'python',
  correct,
  change,
});

export const pythonBugs: readonly KnownBug[] = [
  python('wrap breaks one early', text, '> width', '>= width'),
  {
    ...python(
      'wrap forgets the blank',
      text,
      'len(current) + 1 + len(word) > width',
      'len(current) + len(word) > width',
    ),
    equal: 'len(current) + len(word) > width - 1',
  },
  python('wrap drops the word', text, 'current = word', 'current = ""'),
  python('wrap begins with an empty line', text, 'if current and len', 'if current or len'),
  python('palindrome compares with itself', text, 'letters[::-1]', 'letters[::1]'),
  python('palindrome keeps blanks', text, 'c.isalnum()', 'c.isalpha()'),
  python('caesar leaves the alphabet', text, '+ shift) % 26', '+ shift) % 25'),
  python('caesar turns back', text, 'ord("a") + shift', 'ord("a") - shift'),
  python('snake keeps capitals', text, ', name).lower()', ', name)'),
  python('primes miss the limit', numbers, 'range(2, limit + 1)', 'range(2, limit)'),
  python('primes start at one', numbers, 'range(2,', 'range(1,'),
  python('primes mark the prime itself', numbers, 'range(n * n,', 'range(n,'),
  python('primes mark as prime', numbers, 'sieve[multiple] = False', 'sieve[multiple] = True'),
  python('fibonacci returns the next', numbers, 'return a\n', 'return b\n'),
  python('fibonacci adds the wrong one', numbers, 'b, a + b', 'b, a + a'),
  python('power forgets the base', numbers, 'half * half * base', 'half * half'),
  python('power divides truly', numbers, 'exponent // 2', 'exponent / 2'),
  python('power of zero', numbers, 'return 1\n', 'return 0\n'),
  python('mean of nothing', numbers, '    if not values:\n        return 0\n', ''),
  python('variance is not squared', numbers, '(v - center) ** 2', '(v - center) * 2'),
  python('group extends', collections, '.append(item)', '.extend(item)'),
  python('group loses the rest', collections, '    return dict(groups)', '        return dict(groups)'),
  python('merge changes its argument', collections, 'dict(first)', 'first'),
  python('merge fails on new names', collections, 'result.get(name, 0)', 'result[name]'),
  python('merge walks the keys', collections, 'second.items()', 'second'),
  python('chunks overlap', collections, 'items), size)', 'items))'),
  python('chunks end at their size', collections, 'start:start + size', 'start:size'),
  python('search goes deep', collections, 'queue.popleft()', 'queue.pop()'),
  python('search never remembers', collections, '                seen.add(neighbour)\n', ''),
  python('search fails on leaves', collections, 'graph.get(node, [])', 'graph[node]'),
  python('search takes known ones', collections, 'neighbour not in seen', 'neighbour in seen'),
  python('top is the bottom', collections, ', reverse=True)', ')'),
  python('top sorts by name', collections, 'pair[1]', 'pair[0]'),
  python('remove walks what it changes', collections, 'in list(items)', 'in items'),
  python('deposit takes zero', account, 'amount <= 0', 'amount < 0'),
  python('deposit replaces the balance', account, 'self.balance += amount', 'self.balance = amount'),
  {
    ...python('withdraw is not recorded', account, '"withdraw", amount', '"deposit", amount'),
    expected: "[('withdraw', 5)]",
  },
  python(
    'withdraw says nothing',
    account,
    '        self.history.append(("withdraw", amount))\n        return True\n',
    '        self.history.append(("withdraw", amount))\n',
  ),
  python('transfer goes to itself', account, 'other.deposit(amount)', 'self.deposit(amount)'),
  python('account knows no owner', account, '        self.balance = balance\n', ''),
  python('due date counts saturdays', account, 'date.weekday() < 5', 'date.weekday() < 6'),
  python('due date wants holidays', account, 'and date not in', 'and date in'),
  python('fetch is not awaited', account, 'await client.fetch', 'client.fetch'),
  python('fetch stops at a gap', account, '            continue\n', '            break\n'),
  python('fetch fails at a gap', account, '        if page is None:\n            continue\n', ''),
  python('caesar takes digits', text, '(?<!^)([A-Z])', '(?<!^)([A])'),
  python('wrap forgets an empty line', text, 'if current and len', 'if len'),
  python('search walks backwards', collections, 'in graph.get(node, [])', 'in reversed(graph.get(node, []))'),
];
