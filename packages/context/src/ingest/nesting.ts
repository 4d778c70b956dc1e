/** Comments and strings; brackets; what ends a chain; signs and words that can nest what follows them. */
const TOKEN =
  /\/\/[^\n]*|\/\*(?:[^]*?\*\/|[^]*)|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|([([{])|([)\]}])|([,;])|([!~+\-*/%&|^<>=?:.]+|\b(?:if|else|new|for|while|do|with|typeof|void|delete|await|yield|throw|return)\b)/g;

/**
 * An upper bound, by and large, of how deep the syntax tree of a script can be: open brackets, and signs that can hold
 * each other, such as those of `!!a`, `a => b => c` and `a ? b : c ? d : e`, since the last comma or semicolon beside them.
 * The native parser ends the process when it runs out of stack, so it is not given what may be too deep.
 */
export function deepestNesting(text: string): number {
  const outer: number[] = [];
  let here = 0;
  let around = 0;
  let deepest = 0;
  for (const [, open, close, end, sign] of text.matchAll(TOKEN)) {
    if (open !== undefined) {
      outer.push(here);
      around += here + 1;
      here = 0;
    } else if (close !== undefined) {
      around -= 1 + (outer.at(-1) ?? -1);
      here = outer.pop() ?? 0;
    } else if (end !== undefined) here = 0;
    else if (sign !== undefined) here += /^\w/.test(sign) ? 1 : sign.length;
    deepest = Math.max(deepest, around + here);
  }
  return deepest;
}
