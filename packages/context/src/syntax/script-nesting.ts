/**
 * How deep the syntax of a source nests, estimated without parsing it. An open bracket counts twice. What can nest
 * without brackets (`a ? b : c ? d : e`, `!!a`, `else if`) counts once, until its statement or its list item ends. An
 * estimate that errs on the deep side for what people write; text in templates and in JSX can mislead it either way.
 */
export function nestingOf(source: string): number {
  const open: number[] = [];
  let depth = 0;
  let ended = 0; // how deep the statement was that has just ended: an `else` goes on with it
  let deepest = 0;
  for (const [token] of source.matchAll(TOKENS)) {
    const effect = EFFECTS[token] ?? effectOfLong(token);
    if (effect === 'opens') {
      open.push(depth);
      depth += BRACKET;
    } else if (effect === 'closes') {
      depth = open.pop() ?? 0;
      ended = 0;
    } else if (effect === 'ends') {
      ended = depth;
      depth = (open.at(-1) ?? -BRACKET) + BRACKET;
    } else if (effect !== 'none') depth = 1 + (effect === 'goes_on' ? Math.max(depth, ended) : depth);
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

type Effect = 'opens' | 'closes' | 'ends' | 'goes_on' | 'chains' | 'none';

const BRACKET = 2;

/** Comments and strings come first, so that nothing in them is taken for syntax. */
const TOKENS =
  /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|[()[\]{};,?:=!~+\-*/%&|^<.]|\n(?:import|export|const|let|var|class|function)\b|\b(?:else|if|for|while|do|with|new|typeof|keyof|void|delete|await|yield|infer|unique|readonly|extends)\b/g;

const EFFECTS: Readonly<Record<string, Effect>> = {
  '(': 'opens',
  '[': 'opens',
  '{': 'opens',
  ')': 'closes',
  ']': 'closes',
  '}': 'closes',
  ';': 'ends',
  ',': 'ends',
  else: 'goes_on',
};

/** Of comments and strings, statements that begin a line, keywords and operators. */
function effectOfLong(token: string): Effect {
  if (token.startsWith('\n')) return 'ends';
  const isSkipped = /^(?:\/[/*]|['"])/.test(token);
  return isSkipped ? 'none' : 'chains';
}
