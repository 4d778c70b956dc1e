/** Who an agent is, for lists. */
export interface AgentCard {
  readonly name: string;
  readonly version: string;
  readonly description: string;
}

/**
 * The built-in agents by name, so that a list of them need not load what they work with; a test holds this to the
 * registry that {@link openApplication} fills.
 */
export const builtInAgents: readonly AgentCard[] = [
  {
    name: 'codegen',
    version: '1',
    description: 'Proposes a change: the smallest edit that passes all tests, or a given content that parses.',
  },
  {
    name: 'debug',
    version: '1',
    description: 'Ranks the lines that a failing test makes suspicious.',
  },
  {
    name: 'test-exec',
    version: '1',
    description: 'Runs the tests of a project in the sandbox and reports each case.',
  },
];
