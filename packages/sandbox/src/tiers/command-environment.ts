/** The variables that every sandboxed command gets, around those of the request. Nothing is inherited from this process. */
import type { Order } from '../request.ts';
import { DEFAULT_PATH } from './shell-script.ts';

/**
 * The request's variables win over PATH and LANG alone: HOME and TMPDIR are where the tier says.
 * Coverage variables (NODE_V8_COVERAGE, COVERAGE_*) pass like every other variable of the request.
 */
export function commandEnvironment(order: Order, places: { home: string; temporary: string }): Record<string, string> {
  return {
    PATH: DEFAULT_PATH,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    ...order.environment,
    HOME: places.home,
    TMPDIR: places.temporary,
  };
}

/** Arguments of env(1) for a command that runs where no file of ours can carry them. */
export function environmentArguments(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}
