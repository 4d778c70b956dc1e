/** Runs the requests of its argument and prints the results as JSON; started with another user's rights by the tests. */
import { runHere } from './tiers-under-test.ts';
import type { SandboxOptions, SandboxRequest } from '../src/index.ts';

const { options, requests } = JSON.parse(process.argv[2] ?? '') as {
  options: SandboxOptions;
  requests: SandboxRequest[];
};
process.stdout.write(JSON.stringify(await runHere(options, requests)));
