import { dirname } from 'node:path';
import { findProgram, restorePath, type Environment } from '../src/test-runners/toolchain.ts';

/** A Node to run a project's tests on, as the environment in which a person would have it. */
export interface NodeUnderTest {
  readonly name: string;
  readonly environment: Environment;
  /** Nothing is ours, so that the Node that the lockfile brings may be the user's here. */
  readonly installation: string;
}

const repository = `${import.meta.dirname}/../../..`;

/** The Node that runs this test, and the machine's own where it has another. */
export function nodesUnderTest(): readonly NodeUnderTest[] {
  const machine = findProgram('node', restorePath(process.env, repository)['PATH'] ?? '');
  return [
    { name: `Node ${process.versions.node}`, ...nodeIn(dirname(process.execPath)) },
    ...(machine === undefined || machine === process.execPath
      ? []
      : [{ name: `the machine's ${machine}`, ...nodeIn(dirname(machine)) }]),
  ];
}

/** The Node that runs this test: for runners that need a recent one. */
export const currentNode = nodeIn(dirname(process.execPath));

function nodeIn(directory: string): { environment: Environment; installation: string } {
  return { environment: { PATH: `${directory}:/usr/bin:/bin` }, installation: '/nowhere' };
}
