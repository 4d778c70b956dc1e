// Loaded by vitest before each test file; see test-warnings.ts.
import { isAllowed } from './test-warnings.ts';

process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (!isAllowed(warning)) throw new Error(`a warning fails the tests: ${warning.name}: ${warning.message}`);
});
