/** Prints what the sandbox finds on this machine and the result of one request, as JSON. */
import { createSandbox, degradationLine, type SandboxRequest } from '../src/index.ts';

const sandbox = createSandbox();
const capabilities = await sandbox.capabilities();
const result = await sandbox.run(JSON.parse(process.argv[2] ?? '') as SandboxRequest);
process.stdout.write(JSON.stringify({ capabilities, line: degradationLine(capabilities), result }));
