/** Finds the program of a command before it is started, so that a missing one is told apart from a failing one. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Order } from './request.ts';
import { DEFAULT_PATH } from './tiers/shell-script.ts';

const SYSTEM_VIEW = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc/alternatives'];

/** Why the program cannot run, or undefined when it can. `fileView` says whether the tier shows the allow-list alone. */
export function commandFault(order: Order, fileView: boolean): string | undefined {
  const [name] = order.argv;
  const found = candidates(order, name).filter(isProgram);
  if (found.length === 0) return `command not found: ${name}`;
  const visible = [...SYSTEM_VIEW, ...order.readOnlyPaths, order.workDirectory];
  const isShown = (path: string): boolean =>
    isBelow(path, visible) && isBelow(realpathSync(path), visible.flatMap(withTarget));
  return !fileView || found.some(isShown)
    ? undefined
    : `command not visible in the sandbox: ${name} (add its folder to readOnlyPaths)`;
}

function candidates(order: Order, name: string): string[] {
  if (isAbsolute(name)) return [name];
  if (name.includes('/')) return [join(order.directory, name)];
  const path = order.environment['PATH'] ?? DEFAULT_PATH;
  return path
    .split(':')
    .map((directory) => join(isAbsolute(directory) ? directory : join(order.directory, directory), name));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // missing, closed to us, or not executable: the search goes on
  }
}

function withTarget(path: string): string[] {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? [] : [path, realpathSync(path)];
}

function isBelow(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => path === root || path.startsWith(`${root}/`));
}
