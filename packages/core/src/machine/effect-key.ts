/** Which effect of a run: an explicit name, and how often the attempt has used it, in a visit of a node. */
export interface EffectPlace {
  readonly node: string;
  readonly visit: number;
  readonly name: string;
  readonly occurrence: number;
}

/**
 * The key of an effect in the ledger of its run, e.g. `fix#1/try edits#2`. Two places never have the same key: what stands
 * before the first `/` is the node, escaped, and its visit, and what follows the last `#` is the occurrence, so that the
 * name between them may hold any character as it is. Recorded keys must stay what they are: a run that goes on asks for
 * them again.
 */
export function effectKey({ node, visit, name, occurrence }: EffectPlace): string {
  return `${node.replaceAll(/[%#/]/g, encodeURIComponent)}#${visit}/${name}#${occurrence}`;
}
