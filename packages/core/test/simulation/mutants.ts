/** A rule of the machine, the runtime or the journal, switched off. */
export interface Mutant {
  readonly name: string;
  /** What no longer holds. */
  readonly rule: string;
  /** All of them together; each text occurs exactly once in its file. */
  readonly edits: readonly Edit[];
}

export interface Edit {
  /** Below packages/core/src. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const one = (name: string, rule: string, file: string, from: string, to: string): Mutant => ({
  name,
  rule,
  edits: [{ file, from, to }],
});

const NEVER = 'Number.isNaN(0)';

export const mutants: readonly Mutant[] = [
  // --- the journal
  one(
    'child-under-a-later-epoch',
    'S2: a child begins under the epoch of the run above it',
    'runtime/runtime.ts',
    'return above.epoch;',
    'return await this.#seat.current();',
  ),
  one('fencing-off', 'S2: an older epoch is refused', 'journal/group-commit.ts', 'request.epoch < head.epoch || ', ''),
  one(
    'children-not-fenced',
    'S2: only the owner of a run begins its children',
    'journal/group-commit.ts',
    'above !== undefined && epoch < above.epoch',
    `above !== undefined && ${NEVER}`,
  ),
  one(
    'seq-ignored',
    'S2: an append names the head that it follows',
    'journal/group-commit.ts',
    'if (request.expectedSeq !== head.seq)',
    'if (request.expectedSeq > head.seq)',
  ),
  one(
    'inbox-not-consumed',
    'S5: a command leaves the inbox with its event',
    'journal/group-commit.ts',
    'this.#answer(request.consumes.map(',
    'this.#answer(request.consumes.slice(request.consumes.length).map(',
  ),
  one(
    'answered-command-again',
    'S5: a command is applied at most once',
    'journal/group-commit.ts',
    'consumes.some((id) => this.#found.answered.has(id))',
    `${NEVER} && consumes.length > 0`,
  ),
  // --- the log
  one(
    'state-before-acknowledgment',
    'W2: the state moves on only when the append is acknowledged',
    'runtime/run-log.ts',
    'const outcome = await this.#outcomeOf(this.#request(batch), state);',
    'const request = this.#request(batch);\n    this.#state = state;\n    this.#ports.committed(events, state);\n    const outcome = await this.#outcomeOf(request, state);',
  ),
  one(
    'conflict-taken-for-success',
    'W3: a refused append loses the log',
    'runtime/run-log.ts',
    "if (outcome.kind === 'conflict') {",
    `if (outcome.kind === 'conflict' && ${NEVER}) {`,
  ),
  {
    name: 'failed-append-not-reloaded',
    rule: 'W3: after a failed append the log is loaded anew',
    edits: [
      { file: 'runtime/run-log.ts', from: 'this.#lost = error;\n', to: '' },
      { file: 'runtime/run-log.ts', from: '    this.#ports.lost(error);\n', to: '' },
      { file: 'runtime/run-process.ts', from: 'this.release(isKnown ? error', to: 'void (isKnown ? error' },
    ],
  },
  one(
    'failed-append-taken-for-success',
    'W3: the head tells whether a failed append landed',
    'runtime/run-log.ts',
    'return head?.seq === state.seq && head.epoch === this.#epoch;',
    'return head !== undefined;',
  ),
  one(
    'landed-whoever-wrote',
    'W3: what landed is told by seq and epoch',
    'runtime/run-log.ts',
    'return head?.seq === state.seq && head.epoch === this.#epoch;',
    'return head?.seq === state.seq;',
  ),
  // --- the ledger
  one(
    'intent-not-durable',
    'E1: the intent is durable before the call',
    'runtime/attempt-context.ts',
    'await this.#ports.runLog.settled(); // E1',
    '',
  ),
  one(
    'record-not-durable',
    'E1: the record is in the log before the result is used',
    'runtime/attempt-context.ts',
    'const state = await this.#ports.runLog.accept(() => [fact]);',
    "if (outcome.kind === 'value') {\n      this.#ports.clock.after(0, () => void this.#ports.runLog.accept(() => [fact]).catch(() => {}));\n      return outcome;\n    }\n    const state = await this.#ports.runLog.accept(() => [fact]);",
  ),
  one(
    'recorded-runs-again',
    'L1: a recorded effect never runs again',
    'machine/admit-effect.ts',
    'if (effect?.outcome !== undefined && lasts) {',
    `if (effect?.outcome !== undefined && lasts && ${NEVER}) {`,
  ),
  one(
    'once-runs-twice',
    'L2: an ambiguous effect runs again only as its policy says',
    'machine/admit-effect.ts',
    "if (effect?.status === 'intended' && effect.policy === 'once') {",
    `if (effect?.status === 'intended' && effect.policy === 'once' && ${NEVER}) {`,
  ),
  one(
    'reservation-off',
    'B1: no call starts unless it fits',
    'machine/budget.ts',
    'if (committed + wanted > limit)',
    'if (committed > limit)',
  ),
  one(
    'nothing-reserved',
    'B1: what calls under way may take counts',
    'machine/budget.ts',
    'return { ...budget, reserved: add(budget.reserved, amounts) };',
    'return budget;',
  ),
  one(
    'settled-twice',
    'B2: a reservation is settled once',
    'machine/evolve-effect.ts',
    'settle(budget, effect.reserved, fact.spent)',
    'settle(settle(budget, effect.reserved, fact.spent), effect.reserved, {})',
  ),
  one(
    'visit-settles-nothing',
    'B2: the end of a visit settles what has no record',
    'machine/evolve-effect.ts',
    "const open = Object.values(node.effects).filter((effect) => effect.status === 'intended');",
    `const open = Object.values(node.effects).filter(() => ${NEVER});`,
  ),
  one(
    'grant-not-returned',
    'what was set aside for a child goes back',
    'machine/evolve-node.ts',
    'const budget = settle(state.budget, wait.granted, fact.spent);',
    'const { budget } = state;',
  ),
  one(
    'gate-off',
    'L5: no call that the gate denies starts',
    'machine/admit-effect.ts',
    "if (gate === undefined || gate.verdict === 'allow')",
    "if (gate === undefined || gate.verdict !== 'ask')",
  ),
  one(
    'yes-used-twice',
    'L5: a yes is used up by the call that it was for',
    'machine/evolve-effect.ts',
    'const used = fact.approval === undefined ? next : changeApproval',
    `const used = fact.approval === undefined || !${NEVER} ? next : changeApproval`,
  ),
  one(
    'late-yes-counts',
    'an approval that has expired is decided',
    'machine/evolve-approval.ts',
    'return expiresTs !== undefined && ts >= expiresTs;',
    `return expiresTs !== undefined && ts >= expiresTs && ${NEVER};`,
  ),
  // --- the graph
  one(
    'needs-skipped',
    'M3: a node starts when what it needs has settled',
    'machine/conclude-start.ts',
    'if (!definition.needs.every((need) => isSettled(nodeOf(state, need)))) return undefined;',
    '',
  ),
  one(
    'dominator-rule-off',
    'OC-4: a route back leads to a node that is always done before',
    'machine/plan-graph.ts',
    "edges.filter(({ kind, from, to }) => kind === 'route' && dominating.get(from)?.has(to) === true),",
    "edges.filter(({ kind, from, to }) => kind === 'route' && walk.order.indexOf(to) <= walk.order.indexOf(from)),",
  ),
  one(
    'visits-unbounded',
    'a loop ends when its head has used its visits',
    'machine/loop-visits.ts',
    'return visit - floor < definitionOf(state, head).maxVisits;',
    'return visit - floor < definitionOf(state, head).maxVisits + 1;',
  ),
  one(
    'attempts-unbounded',
    'an attempt follows at most as often as the node allows',
    'machine/retry.ts',
    'if (!failure.retryable || attempt >= limits.maxAttempts) return undefined;',
    'if (!failure.retryable) return undefined;',
  ),
  one(
    'node-deadline-ignored',
    'a visit does not go on after its deadline',
    'machine/conclude-visits.ts',
    'if (node.deadlineTs !== undefined && state.ts >= node.deadlineTs) {',
    `if (node.deadlineTs !== undefined && ${NEVER}) {`,
  ),
  one(
    'run-deadline-ignored',
    'a run does not go on after its deadline',
    'machine/conclude-ending.ts',
    'if (state.deadlineTs !== undefined && state.ts >= state.deadlineTs) {',
    `if (state.deadlineTs !== undefined && ${NEVER}) {`,
  ),
  one(
    'start-while-stopping',
    'M1: nothing starts once the run is ending',
    'machine/conclude-visits.ts',
    'return state.ending === undefined ? endingOf(state) === undefined : isCleanup(state, path, node);',
    'return true;',
  ),
  one(
    'cancel-ignored',
    'a cancelled run begins nothing and ends',
    'machine/conclude-ending.ts',
    'if (state.cancel !== undefined)',
    `if (state.cancel !== undefined && ${NEVER})`,
  ),
  one(
    'branch-cancel-ignored',
    'a cancelled branch begins nothing',
    'machine/conclude-visits.ts',
    'if (!node.isCancelled || isSettled(node)) continue;',
    'if (path !== undefined) continue;',
  ),
  one(
    'pause-ignored',
    'M6: while somebody has paused the run, nothing new starts',
    'machine/conclude.ts',
    'state.pause === undefined ? (followRoutes(state) ?? startOrSkip(state)) : undefined',
    'followRoutes(state) ?? startOrSkip(state)',
  ),
  one(
    'finally-left-out',
    'finally nodes run before the run ends',
    'machine/conclude-ending.ts',
    '?? runCleanup(state) ?? endDecision',
    '?? endDecision',
  ),
  one(
    'oldest-undone-first',
    'compensations run youngest first',
    'machine/conclude-ending.ts',
    'const last = state.undo.at(-1);',
    'const last = state.undo.at(0);',
  ),
  one(
    'children-left-behind',
    'M2: a run ends only when no child of it works',
    'machine/run-state.ts',
    "return isActive(node) || (node.status === 'suspended' && node.wait?.kind === 'subrun');",
    "return isActive(node) && node.wait?.kind !== 'subrun';",
  ),
  // --- the runtime
  {
    name: 'old-incarnation-accepted',
    rule: 'only the incarnation that is in flight counts',
    edits: [
      {
        file: 'machine/evolve-node.ts',
        from: 'if (nodeIn(state, fact.node)?.incarnation !== fact.incarnation) return state;',
        to: '',
      },
      { file: 'machine/admit-effect.ts', from: 'node.incarnation === incarnation', to: 'incarnation > 0' },
      { file: 'runtime/run-process.ts', from: 'if (this.#isFlying(refKey(ref))) return;', to: '' },
    ],
  },
  one(
    'claim-left-out',
    'R2: a taken over run begins its next incarnations',
    'machine/evolve.ts',
    "node.status === 'scheduled' ? { ...node, incarnation: node.incarnation + 1 } : node;",
    'node;',
  ),
  one(
    'sleepers-forgotten',
    'a sleeping run is woken when its timer is due',
    'runtime/wake-watch.ts',
    'for (const run of due) this.#wake(run);',
    'void due;',
  ),
  one(
    'child-before-its-parent',
    'P4: a child begins when what calls for it is durable',
    'runtime/run-process.ts',
    "if (activity.kind === 'stop') return this.#stop(activity.ref);",
    "if (activity.kind === 'subrun') return this.#follow(activity, state);\n    if (activity.kind === 'stop') return this.#stop(activity.ref);",
  ),
  one(
    'waits-for-no-stop',
    'P3: an attempt has stopped when nothing of it works any more',
    'runtime/run-process.ts',
    'if (!this.#isFlying(refKey(ref))) this.#stopped(ref);',
    'this.#stopped(ref);',
  ),
];
