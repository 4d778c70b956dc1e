// Keeps one vitest 3 or later, with its server and what it knows of files that did not change, and runs tests in it again.
// Each run gets its tests new threads, whatever the project's own configuration says.
import { statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

let kept;

export async function runVitest(script, words, { ready, ours }) {
  const api = await import(pathToFileURL(path.join(path.dirname(script), 'dist', 'node.js')).href);
  const { filter, options } = api.parseCLI(['vitest', ...words]);
  const { testNamePattern, reporter, ...lasting } = options;
  const key = JSON.stringify(lasting);
  if (kept?.key !== key) {
    await kept?.vitest.close();
    const reporters = [reporter].flat().filter((name) => name !== 'default');
    const settings = { ...lasting, reporters, pool: 'threads', watch: false, run: true };
    const vitest = await api.createVitest('test', settings, {});
    await vitest.init();
    if (typeof vitest._tmpDir === 'string') ours.add(vitest._tmpDir);
    kept = { key, vitest, stamps: new Map() };
    ready();
  }
  return await runIn(kept, filter, testNamePattern);
}

async function runIn({ vitest, stamps }, filter, testNamePattern) {
  if (vitest.config.isolate === false) throw new Error('runs would share their modules');
  const isSetUpOnce = vitest.projects.some(({ config }) => (config.globalSetup ?? []).length > 0);
  if (isSetUpOnce) throw new Error('runs would share what was set up for all of them');
  invalidateChanged(vitest, stamps);
  if (testNamePattern === undefined) vitest.resetGlobalTestNamePattern();
  else vitest.setGlobalTestNamePattern(testNamePattern);
  const specifications = await vitest.globTestSpecifications(filter);
  const { unhandledErrors, testModules } = await vitest.runTestSpecifications(specifications);
  remember(vitest, stamps);
  const isGood = unhandledErrors.length === 0 && testModules.every((each) => each.ok());
  return isGood ? 0 : 1;
}

function invalidateChanged(vitest, stamps) {
  for (const [file, stamp] of stamps) if (stampOf(file) !== stamp) vitest.invalidateFile(file);
}

function remember(vitest, stamps) {
  stamps.clear();
  for (const { vite } of vitest.projects) {
    for (const { moduleGraph } of Object.values(vite.environments)) {
      for (const file of moduleGraph.fileToModulesMap.keys()) stamps.set(file, stampOf(file));
    }
  }
}

function stampOf(file) {
  const status = statSync(file, { throwIfNoEntry: false, bigint: true });
  return status === undefined ? '' : `${status.ino}:${status.size}:${status.mtimeNs}:${status.ctimeNs}`;
}
