import type { Amounts } from '@vltair/protocol';
import type { Choices } from './choices.ts';
import { agentNames, generateWorkflow, signals } from './generate-workflow.ts';
import {
  faultKinds,
  type Act,
  type Fault,
  type Rule,
  type Scenario,
  type Script,
  type ScriptEnding,
  type Step,
  type Wish,
} from './scenario.ts';

/** About that many turns are stormy. */
export const STORM_TURNS = 240;

const effectNames = ['look', 'pay', 'mail', 'try'] as const;

export function generateScenario(choices: Choices): Scenario {
  return {
    workflow: generateWorkflow(choices),
    agents: Object.fromEntries(agentNames.map((name) => [name, aScript(choices, name)])),
    gate: Object.fromEntries(effectNames.flatMap((name) => aRule(choices, name))),
    wishes: list(choices, 'people', 4, () => aWish(choices)),
    faults: list(choices, 'faults', 6, () => aFault(choices)),
    workers: {
      concurrency: 1 + choices.pick('workflow', 4),
      isWorker: choices.chance('workflow', 50),
      skews: [0, choices.one('faults', [0, 0, -5_000, 3_000]), choices.one('faults', [0, 0, 700, -9_000])],
    },
  };
}

function list<T>(choices: Choices, stream: 'people' | 'faults' | 'agents', most: number, make: () => T): readonly T[] {
  return Array.from({ length: choices.pick(stream, most + 1) }, make);
}

function aScript(choices: Choices, name: string): Script {
  const isHelper = name === 'undoer' || name === 'sweeper';
  const steps = list(choices, 'agents', isHelper ? 1 : 3, () => aStep(choices));
  return { steps, ending: anEnding(choices, isHelper) };
}

function aStep(choices: Choices): Step {
  switch (choices.pick('agents', 10)) {
    case 7:
      return { do: 'read', name: 'time' };
    case 8:
      return choices.chance('agents', 50) ? { do: 'dawdle', ms: 1 + choices.pick('agents', 3_000) } : { do: 'report' };
    case 5:
    case 6:
      return { do: 'together', acts: [anAct(choices, 'look'), anAct(choices, 'try')] };
    default:
      return { do: 'act', act: anAct(choices, choices.one('agents', effectNames)) };
  }
}

function anAct(choices: Choices, name: string): Act {
  const takesMs = choices.pickEarly('agents', 3_000);
  const reserve: Amounts = {
    calls: 1 + (choices.chance('agents', 15) ? 1 : 0),
    ...some(choices, 'candidates', 20),
    ...some(choices, 'tokens', 90),
    ...some(choices, 'microUsd', 90),
  };
  return {
    name,
    policy: choices.one('agents', ['once', 'repeatable', 'keyed'] as const),
    reserve,
    spend: choices.chance('agents', 50)
      ? {}
      : { ...some(choices, 'tokens', 120), ...some(choices, 'microUsd', 90), ...some(choices, 'candidates', 20) },
    takesMs,
    totalMs: choices.chance('agents', 12) ? 1 + choices.pick('agents', 800) : 60_000,
    failsIn: choices.chance('agents', 15) ? 1 + choices.pick('agents', 2) : 0,
    isStubborn: choices.chance('agents', 10),
    isTolerated: choices.chance('agents', 50),
    diverges: choices.chance('agents', 8),
  };
}

function some<K extends 'candidates' | 'tokens' | 'microUsd'>(
  choices: Choices,
  key: K,
  most: number,
): { [P in K]?: number } {
  return choices.chance('agents', 35) ? ({ [key]: choices.pick('agents', most) } as { [P in K]?: number }) : {};
}

function anEnding(choices: Choices, isHelper: boolean): ScriptEnding {
  const signal = (): string => choices.one('agents', [signals[0], signals[0], ...signals]);
  return {
    failsIn: choices.chance('agents', 25) ? 1 + choices.pick('agents', 3) : 0,
    reason: choices.chance('agents', 25) ? 'fatal/agent' : 'transient/agent',
    signals: [signal(), signal(), signals[0]],
    flag: !choices.chance('agents', 30),
    items: choices.pick('agents', 4),
    tasks: !isHelper && choices.chance('agents', 8) ? 1 + choices.pick('agents', 2) : 0,
    changes: choices.chance('agents', 15),
    returns:
      !isHelper && choices.chance('agents', 7) ? choices.one('agents', ['never', 'stubborn'] as const) : 'at_once',
    isGarbage: choices.chance('agents', 2),
  };
}

function aRule(choices: Choices, name: string): readonly (readonly [string, Rule])[] {
  if (!choices.chance('people', 18)) return [];
  const verdict = choices.one('people', ['allow', 'ask', 'ask', 'ask', 'deny'] as const);
  const expires = choices.chance('people', 50)
    ? { expiresMs: 1_000 + choices.pick('people', 5_000), warnBeforeMs: 500 }
    : {};
  return [[name, { verdict, ...expires }]];
}

const wishKinds = [
  'cancel',
  'cancel',
  'cancel_branch',
  'pause',
  'resume',
  'signal',
  'signal',
  'retry',
  'rollback',
  'fork',
  'apply',
] as const;

function aWish(choices: Choices): Wish {
  return {
    turn: choices.pick('people', STORM_TURNS),
    kind: choices.one('people', wishKinds),
    which: choices.pick('people', 50),
    sent: choices.pick('people', 4),
  };
}

function aFault(choices: Choices): Fault {
  return {
    turn: choices.pick('faults', STORM_TURNS),
    kind: choices.one('faults', faultKinds),
    which: choices.pick('faults', 50),
  };
}
