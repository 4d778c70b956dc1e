// Stands in for jest's default test runner (`--testRunner`) when coverage is asked for: jest-circus, with each case measured.
'use strict';

const path = require('node:path');
const coverage = require('./case-coverage.cjs');

module.exports = async (globalConfig, config, environment, ...others) => {
  const [, testPath] = others;
  const handle = environment.handleTestEvent?.bind(environment);
  environment.handleTestEvent = async (event, state) => {
    if (event.name === 'test_start') coverage.begin();
    if (event.name === 'test_done') coverage.end(testPath, titlesOf(event.test));
    await handle?.(event, state);
  };
  return circus()(globalConfig, config, environment, ...others);
};

function titlesOf(test) {
  const titles = [test.name];
  for (let block = test.parent; block && block.name !== 'ROOT_DESCRIBE_BLOCK'; block = block.parent)
    titles.unshift(block.name);
  return titles;
}

/** jest-circus as jest itself finds it: through its own packages, which a strict installer does not hoist. */
function circus() {
  let from = process.cwd();
  for (const name of ['jest', 'jest-cli', 'jest-config'])
    from = path.dirname(require.resolve(`${name}/package.json`, { paths: [from] }));
  const runner = require(require.resolve('jest-circus/runner', { paths: [from] }));
  return runner.default ?? runner;
}
