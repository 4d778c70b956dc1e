export type * from './port.ts';
export { combinedOutput, type DiagnosticsOptions } from './diagnostics.ts';
export { degradationLine } from './enforcement.ts';
export { OutputCapture } from './output-capture.ts';
export { createPrivateDirectory, removeTree, type Leftovers, type PrivateDirectory } from './private-directory.ts';
export { DEFAULT_LIMITS, SandboxRequestInvalid } from './request.ts';
export { createSandbox, removeLeftovers, type SandboxOptions } from './sandbox.ts';
export { commandOwner } from './privileges.ts';
export type { TierName } from './tiers/launch.ts';
