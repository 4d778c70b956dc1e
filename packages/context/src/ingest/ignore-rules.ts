import ignore, { type Ignore } from 'ignore';

/** What the .gitignore files of a tree leave out, by the rules of git: a deeper file wins over the ones above it. */
export class IgnoreRules {
  readonly #rules: Ignore;

  constructor(rules: Ignore = ignore({ ignorecase: false })) {
    this.#rules = rules;
  }

  /** These rules and those of the file in a directory, which is named relative to the top, with `/`; the top is ''. */
  with(directory: string, file: string): IgnoreRules {
    const lines = file.replace(/^\ufeff/, '').split(/\r?\n/);
    const patterns = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
    const rules = ignore({ ignorecase: false }).add(this.#rules);
    return new IgnoreRules(rules.add(patterns.map((pattern) => fromTop(directory, pattern))));
  }

  /** Of a path relative to the top whose directories are not ignored themselves. */
  ignores(path: string, isDirectory: boolean): boolean {
    return this.#rules.ignores(isDirectory ? `${path}/` : path);
  }
}

/** The pattern that means from the top what the given one means from its directory. */
function fromTop(directory: string, pattern: string): string {
  if (directory === '') return pattern;
  const sign = pattern.startsWith('!') ? '!' : '';
  const body = pattern.slice(sign.length);
  const isAnchored = /\/(?=.*[^\s/])/.test(body);
  const joint = isAnchored ? (body.startsWith('/') ? '' : '/') : '/**/';
  return `${sign}/${literal(directory)}${joint}${body}`;
}

/** A path as a pattern that matches nothing else. */
function literal(path: string): string {
  return path.replaceAll(/[\\*?[\]!# ]/g, String.raw`\$&`);
}
