import { javascriptOperators } from './javascript-operators.ts';
import { applyEdit, type Mutation, type OperatorName } from './mutation.ts';
import { parseJavaScript } from './parse-javascript.ts';
import { parsePython } from './parse-python.ts';
import { pythonOperators } from './python-operators.ts';
import { walk, type Syntax } from './syntax-node.ts';

/** Every edit that each of the operators proposes for a file, in source order within an operator. */
export function findMutations(
  file: string,
  source: string,
  operators: readonly OperatorName[],
): ReadonlyMap<OperatorName, readonly Mutation[]> {
  const table = file.endsWith('.py') ? pythonOperators : javascriptOperators;
  const nodes = [...walk(parseSource(file, source).root)];
  const proposed = (operator: OperatorName): Mutation[] =>
    nodes.flatMap((node) => table[operator](node, source).map((edit) => ({ ...edit, operator, file })));
  return new Map(operators.map((operator) => [operator, proposed(operator)]));
}

/** Whether the file parses after the edit and is another one than before. */
export function isSound(mutation: Mutation, source: string): boolean {
  const mutated = applyEdit(source, mutation);
  return mutated !== source && !parseSource(mutation.file, mutated).hasErrors;
}

function parseSource(file: string, source: string): Syntax {
  return file.endsWith('.py') ? parsePython(source) : parseJavaScript(file, source);
}
