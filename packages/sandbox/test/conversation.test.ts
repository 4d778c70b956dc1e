/** A command that is spoken to while it runs, in every tier. */
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { createSandbox, type SandboxConversation } from '../src/index.ts';
import { aRequest, TIERS } from './tiers-under-test.ts';

it.each(TIERS)('a command of the %s tier hears what is said to it, and its result holds no output', async (only) => {
  const sandbox = createSandbox({ only });
  if ((await sandbox.capabilities()).tier === 'none') return;
  const begun = Promise.withResolvers<SandboxConversation>();
  const request = aRequest(['/bin/sh', '-c', 'while read -r word; do echo "heard $word"; done; exit 3']);
  const run = sandbox.run({ ...request, converse: begun.resolve });
  const { input, output, processes } = await begun.promise;
  for (const word of ['one', 'two']) {
    input.write(`${word}\n`);
    const [heard] = (await once(output.setEncoding('utf8'), 'data')) as [string];
    expect(heard).toBe(`heard ${word}\n`);
    expect(processes()).toBeGreaterThan(0);
  }
  input.end();
  expect(await run).toMatchObject({ status: 'OK', exitCode: 3, stdout: '' });
});

it('a command without a conversation finds its standard input empty', async () => {
  const result = await createSandbox().run(aRequest(['/bin/cat']));
  expect(result).toMatchObject({ status: 'OK', exitCode: 0, stdout: '' });
});
