// What people test their workflows with; docs/workflows.md shows it.
export { cel, defineWorkflow, maybe, text, type AgentAction } from '@vltair/core';
export { VltairError } from '@vltair/protocol';
export {
  answer,
  scripted,
  type AgentScript,
  type AgentScripts,
  type AnswerDetails,
  type ScriptContext,
  type TimeSpan,
} from './agent-script.ts';
export type { AgentCall } from './scripted-agents.ts';
export type { By, NodeView, TestRun, Time } from './test-run.ts';
export { testWorkflow, type TestOptions } from './test-workflow.ts';
export type { Waiting } from './test-world.ts';
