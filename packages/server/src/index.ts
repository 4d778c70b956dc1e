export { agentsOf, openApplication, openStore, sandboxOf, type Application } from './application.ts';
export { dataDirectoryOf, findDataDirectory } from './data-directory.ts';
export { environmentVariables, readConfiguration, type Configuration } from './environment.ts';
export { applyFix, reportFix, startFix, type FixReport, type FixRequest, type FixRun } from './fix.ts';
export { planProject, type ProjectPlan } from './project-plan.ts';
export { readWorkflowFile } from './workflow-file.ts';
