import { verifyReplays } from '@vltair/core';
import { expect } from 'vitest';
import { openApplication, type Application } from '../src/application.ts';
import { readConfiguration } from '../src/environment.ts';

export interface ReplayedApplicationOptions {
  readonly dataDirectory: string;
  readonly concurrency?: number;
  /** Why its runs are not replayed when it closes: what the tests damage on purpose. */
  readonly notReplayed?: string;
  /** Of the person who starts it: configuration, and what commands get a part of. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The real application; when it closes, every run of its store is replayed through the code: a difference fails the test. */
export async function openReplayed({
  dataDirectory,
  notReplayed,
  environment = {},
  ...options
}: ReplayedApplicationOptions): Promise<Application> {
  const app = await openApplication({
    dataDirectory,
    configuration: readConfiguration(environment, dataDirectory),
    environment,
    ...options,
    warn: (sentence) => expect.fail(sentence),
  });
  if (notReplayed !== undefined) return app;
  const close = async (): Promise<void> => {
    await app.runtime.close(1_000);
    const differences = await verifyReplays(app.store);
    await app.close();
    expect(differences, 'verified replay of every run').toEqual({});
  };
  return { ...app, close };
}
