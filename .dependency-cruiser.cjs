// Import rules over the resolved module graph. tools/rules/boundaries.ts holds the same arrows from the syntax alone;
// tools/import-graph.test.ts proves that this cruise sees TypeScript at all.

/** What each package may import beside itself; the same table as MAY_IMPORT in tools/rules/boundaries.ts. */
const MAY_IMPORT = {
  protocol: [],
  core: ['protocol'],
  governance: ['protocol'],
  context: ['protocol'],
  sandbox: ['protocol'],
  agents: ['protocol', 'core', 'context', 'sandbox'],
  server: ['protocol', 'core', 'governance', 'context', 'sandbox', 'agents'],
  cli: ['protocol', 'server'],
  ui: ['protocol'],
};
const TEST = String.raw`\.test\.ts$|/test/`;

const arrows = Object.entries(MAY_IMPORT).map(([name, targets]) => ({
  name: `arrows-of-${name}`,
  severity: 'error',
  from: { path: `^packages/${name}/` },
  to: { path: '^packages/', pathNot: `^packages/(${[name, ...targets].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'packages-by-name',
      comment: 'another package is entered through the file that its manifest exports',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/($1/|[^/]+/src/(index|main)\\.ts$)' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'sources-do-not-import-tests',
      comment: 'what lies in e2e is a test or a part of one',
      severity: 'error',
      from: { pathNot: `${TEST}|^e2e/` },
      to: { path: TEST },
    },
    {
      name: 'packages-stand-alone',
      comment: 'only a test may look outside packages/, and only at the claims that it proves',
      severity: 'error',
      from: { path: '^packages/', pathNot: TEST },
      to: { path: '^(tools|e2e|bench|examples)/' },
    },
    {
      name: 'tests-cite-claims-only',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(tools|e2e|bench|examples)/', pathNot: String.raw`^e2e/verifies\.ts$` },
    },
    {
      name: 'dependencies-are-declared',
      comment:
        'what a package runs on stands in its own manifest, under dependencies; a reporter is loaded by the runner of ' +
        'the project under test and imports that one',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: `${TEST}|^packages/agents/src/test-runners/reporters/` },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(examples/repos|bench/peers|coverage)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
