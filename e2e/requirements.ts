// What this repository claims to do, by catalogue id (docs/requirements.json), one line of behaviour per claim. A claim
// stands here once a test cites its id with `verifies(id)`; the coverage gate holds both directions.

export interface Claim {
  readonly id: string;
  readonly behaviour: string;
}

const claims: Claim[] = [];

claim('V-58', 'a test run fails below 85 % coverage of the packages; exclusions are listed with path and reason');
claim('V-71', 'coverage floors are 85 % overall, 90 % for core, 80 % for the changed lines of a branch');
claim('CI-1', 'a warning during the tests fails the run');
claim('CI-4', 'type-aware lint and the strict compiler cover sources, command line, sandbox, tools and tests');
claim('CI-11', 'core stays at or above 90 % coverage on its own');
claim(
  'HARD-02',
  'the lockfile agrees with the manifests, carries an integrity hash for every package, names no registry',
);
claim('HARD-03', 'type errors fail; every suppression carries rule and reason');
claim('HARD-04', 'a catch that swallows a failure without words fails; narrow catches pass');
claim('PR-3', 'one licence: the LICENSE file and every manifest say Apache-2.0');
claim('XB-4', 'decisions are indexed; every claim has a test, every cited id is claimed and in the catalogue');

claim('V-03', 'a result is checked against its schema before anything is applied');
claim('V-12', 'a task goes to the agent that it names; an unknown one is not found');
claim('V-12', 'a task that names none goes to the least busy agent');
claim('V-31', 'create and modify propose the whole content of a file, which has to parse');
claim('V-31', 'a missing action or target is refused');
claim('V-33', 'a green suite gives a result, a red one of a bare task the error test_failed');
claim('V-33', 'a suite that hangs is a timeout');
claim('V-33', 'bad arguments are invalid_argument, naming the field');
claim('V-35', 'lines are ranked from what failing and passing tests ran; tests are never suspects');
claim('V-35', 'an error log is enough, and one or the other is needed');

export const CLAIMS: readonly Claim[] = claims;

const ids = new Set(claims.map(({ id }) => id));

export function isClaimed(id: string): boolean {
  return ids.has(id);
}

function claim(id: string, behaviour: string): void {
  claims.push({ id, behaviour });
}
