/** What runs agents: everything that loads them, their parsers and the sandbox. Come by it through `loadEngine`. */
export { agentsOf, openApplication, sandboxOf } from './application.ts';
export { carryOn, forkRun } from './carry-on.ts';
export { makeDemoProject } from './demo-project.ts';
export { examineMachine } from './doctor.ts';
export { fixProject } from './fix-session.ts';
export { readWithAgents, validateWithAgents } from './known-agents.ts';
export { resumeRun } from './resume-run.ts';
export { runTask, runWorkflow } from './run-workflow.ts';
export { work } from './worker.ts';
export { abortMove, moveStore } from '@vltair/core';
export { backUp, collectGarbage, restoreBackup } from './retention.ts';
export { differenceOfTrees } from './tree-difference.ts';
