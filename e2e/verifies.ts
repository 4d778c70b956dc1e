// Ties a test to the claims of e2e/requirements.ts that it proves:
//
//   test('only retryable errors are retried', () => {
//     verifies('OC-7');
//     ...
//   });
//
// The coverage gate reads these calls from the sources, so the id is always one string literal. At run time the call
// only refuses an id that nobody claims, so that a typing error shows in the test that makes it.
import { isClaimed } from './requirements.ts';

/** Throws when no claim carries this id. */
export function verifies(id: string): void {
  if (!isClaimed(id)) throw new Error(`verifies('${id}'): e2e/requirements.ts claims nothing under this id`);
}
