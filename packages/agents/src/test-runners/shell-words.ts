/** One simple command of a shell line: variables set for it and its words. */
export interface SimpleCommand {
  readonly environment: Readonly<Record<string, string>>;
  readonly words: readonly string[];
}

const token = /\s*(?:(&&|\|\||[;|&\n])|((?:[^\s"'\\;|&]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+))/gy;

/**
 * The simple commands of a package.json script, in order. Understands quotes, `&&`, `||`, `;`, `|` and leading
 * assignments (also through `cross-env`); substitutions and redirections stay words as they are.
 */
export function simpleCommands(line: string): readonly SimpleCommand[] {
  const commands: string[][] = [[]];
  for (const [, operator, word] of line.matchAll(token)) {
    if (operator !== undefined) commands.push([]);
    else if (word !== undefined) commands.at(-1)?.push(unquoted(word));
  }
  return commands.filter((words) => words.length > 0).map(splitAssignments);
}

function unquoted(word: string): string {
  return word.replaceAll(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
    (_all, double: string | undefined, single: string | undefined, escaped: string | undefined) =>
      double === undefined ? (single ?? escaped ?? '') : double.replaceAll(/\\(["\\$`])/g, '$1'),
  );
}

function splitAssignments(words: readonly string[]): SimpleCommand {
  const environment: Record<string, string> = {};
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(word);
    if (assignment?.[1] !== undefined) environment[assignment[1]] = assignment[2] ?? '';
    else if (!/^(cross-env|env)$/.test(word)) break;
  }
  return { environment, words: words.slice(at) };
}
