/** One command from its private directory to its verdict; everything made on the way is gone when the promise settles. */
import { ControlGroup } from './control-group.ts';
import type { Machine } from './enforcement.ts';
import { execute, type Outcome } from './execution.ts';
import { handOver } from './ownership.ts';
import { createPrivateDirectory, ownerText } from './private-directory.ts';
import type { Order } from './request.ts';
import { judge, type Verdict } from './verdict.ts';

export interface RunContext {
  readonly machine: Machine;
  readonly tempRoot: string;
  readonly killOnSocket: boolean;
  readonly clock: () => number;
}

export interface RunReport {
  readonly verdict: Verdict;
  readonly outcome: Outcome;
  /** Forks that the kernel refused for the process limit. */
  readonly refusedForks: number;
}

let lastNumber = 0;

export async function runOrder(
  order: Order,
  { machine, tempRoot, killOnSocket, clock }: RunContext,
): Promise<RunReport> {
  const { tier, privileges, groups } = machine;
  await using directory = createPrivateDirectory(tempRoot, order.traceId);
  await using group =
    groups.parents === undefined ? undefined : disposable(new ControlGroup(groups.parents, order.limits));
  if (privileges.isRoot) await handOver(order.workDirectory, privileges);
  lastNumber += 1;
  const marker = `${ownerText()}-${String(lastNumber)}`;
  const launch = tier.prepare({
    order,
    directory: directory.path,
    group: group?.value,
    privileges,
    killOnSocket,
    marker,
  });
  const outcome = await execute({
    launch,
    limits: order.limits,
    group: group?.value,
    processNamespace: tier.traits.processNamespace,
    marker,
    signal: order.signal,
    converse: order.converse,
    clock,
  });
  return {
    verdict: judge(outcome, order.limits, killOnSocket),
    outcome,
    refusedForks: group?.value.refusedForks() ?? 0,
  };
}

function disposable(value: ControlGroup): AsyncDisposable & { value: ControlGroup } {
  return {
    value,
    [Symbol.asyncDispose]: async () => {
      value.kill();
      await value.remove();
    },
  };
}
