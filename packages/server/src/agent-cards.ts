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
    name: 'http',
    version: '1',
    description: 'Sends a request to a host that the configuration allows.',
  },
  {
    name: 'shell',
    version: '1',
    description: 'Runs a command or a script in the sandbox, over a copy of the workspace.',
  },
  {
    name: 'test-exec',
    version: '1',
    description: 'Runs the tests of a project in the sandbox and reports each case.',
  },
  {
    name: 'transform',
    version: '1',
    description: 'Computes values from values with CEL expressions.',
  },
];
