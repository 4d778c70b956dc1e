// Root hooks (`--require`) that measure each case when coverage is asked for.
'use strict';

const coverage = require('./case-coverage.cjs');

exports.mochaHooks = {
  beforeEach() {
    coverage.begin();
  },
  afterEach() {
    coverage.end(this.currentTest.file, this.currentTest.titlePath());
  },
};
