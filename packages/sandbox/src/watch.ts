/** Looks at a running tree now and then and says when it broke a limit that must end it. */
import type { ControlGroup } from './control-group.ts';
import type { ProcessTree } from './process-tree.ts';
import type { Limits } from './request.ts';

export type Breach =
  | { readonly kind: 'memory'; readonly by: 'kernel' | 'supervisor' }
  | { readonly kind: 'processes'; readonly count: number };

const SHORTEST_INTERVAL_MS = 25;
/** Looking may cost at most a tenth of the time. */
const COST_FACTOR = 10;

/** Calls `onBreach` once. The kernel counts where there is a control group; the supervisor adds up /proc otherwise. */
export function watchTree(
  watched: { tree: ProcessTree; group: ControlGroup | undefined; limits: Limits },
  onBreach: (breach: Breach) => void,
): Disposable {
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const begin = performance.now();
    const breach = watched.group === undefined ? supervise(watched.tree, watched.limits) : kernelVerdict(watched.group);
    if (breach !== undefined) return onBreach(breach);
    timer = setTimeout(look, Math.max(SHORTEST_INTERVAL_MS, (performance.now() - begin) * COST_FACTOR));
  };
  timer = setTimeout(look, SHORTEST_INTERVAL_MS);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

export function kernelVerdict(group: ControlGroup): Breach | undefined {
  return group.memoryKills() > 0 ? { kind: 'memory', by: 'kernel' } : undefined;
}

function supervise(tree: ProcessTree, limits: Limits): Breach | undefined {
  const { memoryBytes, processes } = limits;
  if (memoryBytes !== undefined && tree.residentBytes(memoryBytes) > memoryBytes)
    return { kind: 'memory', by: 'supervisor' };
  const count = tree.threads();
  return count > processes + WRAPPERS ? { kind: 'processes', count } : undefined;
}

/** Processes of ours that a tree holds beside the command's own. */
const WRAPPERS = 3;
