/** Patterns that a slip of the pen makes of a pattern: a lost anchor, another repetition, another class. */
export function slipsInPattern(pattern: string): string[] {
  const slips = [
    lostStart(pattern),
    lostEnd(pattern),
    ...repetitions(pattern),
    ...classes(pattern),
    ...ranges(pattern),
  ];
  return slips.filter((slip): slip is string => slip !== undefined && slip !== pattern);
}

function lostStart(pattern: string): string | undefined {
  return pattern.startsWith('^') ? pattern.slice(1) : undefined;
}

function lostEnd(pattern: string): string | undefined {
  return pattern.endsWith('$') && !pattern.endsWith('\\$') ? pattern.slice(0, -1) : undefined;
}

function repetitions(pattern: string): string[] {
  const other: Readonly<Record<string, string>> = { '+': '*', '*': '+' };
  return at(pattern, /(?<=[\w\])}.])[+*]/g, (found) => other[found] ?? found);
}

function classes(pattern: string): string[] {
  const other: Readonly<Record<string, string>> = { '\\d': '\\w', '\\w': '\\d', '\\s': ' ', '\\S': '\\w' };
  return at(pattern, /\\[dwsS]/g, (found) => other[found] ?? found);
}

function ranges(pattern: string): string[] {
  return at(pattern, /[a-z]-[a-z]|[A-Z]-[A-Z]|\d-\d/g, (found) => found.slice(0, 1));
}

function at(pattern: string, what: RegExp, replace: (found: string) => string): string[] {
  return [...pattern.matchAll(what)].map(
    (match) => pattern.slice(0, match.index) + replace(match[0]) + pattern.slice(match.index + match[0].length),
  );
}
