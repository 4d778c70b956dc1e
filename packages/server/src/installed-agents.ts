import { createHash } from 'node:crypto';
import type { AgentDigests } from '@vltair/core';
import { canonicalJson } from '@vltair/protocol';
import { builtInAgents } from './agent-cards.ts';

/** What this version would pin a run to, without loading the agents; a test holds it to the registry that runs get. */
export const installedAgents: AgentDigests = Object.fromEntries(
  builtInAgents.map((card) => [card.name, createHash('sha256').update(canonicalJson(card)).digest('hex')]),
);
