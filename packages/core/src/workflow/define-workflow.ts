import type { Json, JsonObject, WorkflowInput } from '@vltair/protocol';
import { z } from 'zod';
import { handleOf, type Handle, type Template, type Templated, type TemplatedObject } from './template-handle.ts';

type NodeData = WorkflowInput['nodes'][number];
type CompensationData = NonNullable<NodeData['compensate']>;

/** What an action of an agent takes, gives and says, for the types of workflows that use it. */
export interface AgentAction<Input, Output, Signal extends string> {
  readonly agent: string;
  readonly action: string;
  readonly input?: z.ZodType<Input>;
  readonly output?: z.ZodType<Output>;
  readonly signals?: readonly Signal[];
}

/** A node of the workflow that is being defined. */
export interface NodeHandle<Output> {
  readonly id: string;
  readonly output: Handle<Output>;
  readonly signal: Handle<string>;
  readonly artifacts: Handle<JsonObject>;
  readonly failure: Handle<{ readonly code: string; readonly reason: string; readonly message: string }>;
}

/** A need that may settle without success. */
export interface ToleratedNode {
  readonly tolerated: string;
}

/** A node, or the id of one that is defined further down. */
type Target = Pick<NodeHandle<unknown>, 'id'> | string;
type Need = Target | ToleratedNode;

interface Scope<Item> {
  readonly item: Handle<Item>;
  readonly index: Handle<number>;
}

type RouteOptions<Signal extends string> = { readonly on: Signal | '*' } & (
  { readonly to: Target } | Pick<Extract<NonNullable<NodeData['routes']>[number], { end: unknown }>, 'end' | 'reason'>
);

export interface NodeOptions<Input, Output, Signal extends string, Item> extends Omit<
  NodeData,
  'id' | 'agent' | 'action' | 'input' | 'needs' | 'dependsOn' | 'routes' | 'map' | 'onFailure' | 'compensate' | 'subrun'
> {
  readonly agent?: string | AgentAction<Input, Output, Signal>;
  /** Of an agent that is named by a text (default: run). */
  readonly action?: string;
  /** Of a mapped node: a function of the item. */
  readonly input?: Templated<NoInfer<Input>> | ((scope: Scope<NoInfer<Item>>) => Templated<NoInfer<Input>>);
  readonly needs?: readonly Need[];
  readonly routes?: readonly RouteOptions<NoInfer<Signal>>[];
  readonly map?: {
    readonly over: Template<readonly Item[]> | readonly Item[];
    readonly maxItems?: number;
    readonly concurrency?: number;
  };
  readonly onFailure?: 'continue' | { readonly to: Target };
  readonly compensate?: Omit<CompensationData, 'input'> & {
    /** Of what the visit gave that is undone. */
    readonly input?: TemplatedObject | ((undone: NodeHandle<NoInfer<Output>>) => TemplatedObject);
  };
  readonly subrun?: NonNullable<NodeData['subrun']>;
}

/** What a mapped node gives: the output of each child, in the order of the items. */
export interface MappedOutput<Output> {
  readonly results: readonly Output[];
}

export interface WorkflowBuilder<Input> {
  /** The run's input. */
  readonly input: Handle<Input>;
  readonly run: Handle<{ readonly id: string; readonly traceId: string; readonly title: string }>;
  /** Adds a node that maps. */
  node<In, Output, Signal extends string, Item>(
    id: string,
    options: NodeOptions<In, Output, Signal, Item> & Required<Pick<NodeOptions<In, Output, Signal, Item>, 'map'>>,
  ): NodeHandle<MappedOutput<Output>>;
  /** Adds a node. */
  node<In = JsonObject, Output = Json, Signal extends string = string>(
    id: string,
    options: NodeOptions<In, Output, Signal, never>,
  ): NodeHandle<Output>;
  /** Adds a node that runs when everything else has come to its end. */
  finallyNode<In = JsonObject, Output = Json, Signal extends string = string>(
    id: string,
    options: NodeOptions<In, Output, Signal, never>,
  ): NodeHandle<Output>;
}

export interface WorkflowHead<Input> extends Omit<
  WorkflowInput,
  'nodes' | 'finally' | 'input' | 'output' | 'workflows'
> {
  /** What a run takes: the types of `w.input`, and the JSON Schema that every run is held to. */
  readonly input?: z.ZodType<Input>;
  /** What subrun nodes run; their names do not count here. */
  readonly workflows?: Readonly<Record<string, WorkflowInput>>;
}

/**
 * A workflow in TypeScript: the same data as in YAML, with the types of what earlier nodes give. What `build` returns is
 * the workflow's `output`.
 *
 * @example
 * const workflow = defineWorkflow({ name: 'count', input: z.object({ log: z.string() }) }, (w) => {
 *   const look = w.node('look', { agent: 'debug', action: 'localise', input: { errorLog: w.input.log } });
 *   return { summary: look.output.summary };
 * });
 */
export function defineWorkflow<Input = JsonObject>(
  { input, workflows, ...head }: WorkflowHead<Input>,
  build: (workflow: WorkflowBuilder<Input>) => TemplatedObject | void,
): WorkflowInput {
  const nodes: unknown[] = [];
  const cleanup: unknown[] = [];
  // What a node gives is a matter of types: at run time every handle is a path.
  const builder: unknown = {
    input: handleOf('input'),
    run: handleOf('run'),
    node: (id: string, options: AnyOptions) => add(nodes, id, options),
    finallyNode: (id: string, options: AnyOptions) => add(cleanup, id, options),
  };
  const output = build(builder as WorkflowBuilder<Input>);
  const children = Object.entries(workflows ?? {}).map(([name, { name: _name, ...child }]) => [name, child] as const);
  return plain({
    ...head,
    ...(input === undefined ? {} : { input: inputSchema(input) }),
    nodes,
    ...(cleanup.length === 0 ? {} : { finally: cleanup }),
    ...(output === undefined ? {} : { output }),
    ...(children.length === 0 ? {} : { workflows: Object.fromEntries(children) }),
  });
}

/** A need that may settle without success: `needs: [maybe(lint)]`. */
export function maybe(node: Pick<NodeHandle<unknown>, 'id'>): ToleratedNode {
  return { tolerated: node.id };
}

/** The options of a node, whatever its agent takes and gives. */
interface AnyOptions {
  readonly agent?: string | Pick<AgentAction<unknown, unknown, string>, 'agent' | 'action'>;
  readonly input?: unknown;
  readonly needs?: readonly Need[];
  readonly routes?: readonly RouteOptions<string>[];
  readonly onFailure?: 'continue' | { readonly to: Target };
  readonly compensate?: { readonly input?: unknown };
}

function add(nodes: unknown[], id: string, options: AnyOptions): NodeHandle<Json> {
  const { agent, input, needs, routes, onFailure, compensate, ...rest } = options;
  const handle = nodeHandle(id);
  nodes.push({
    id,
    ...(typeof agent === 'object'
      ? { agent: agent.agent, action: agent.action }
      : agent === undefined
        ? {}
        : { agent }),
    ...rest,
    ...(input === undefined ? {} : { input: inputOf(input) }),
    ...(needs === undefined ? {} : { needs: needs.map(needText) }),
    ...(routes === undefined ? {} : { routes: routes.map(routeData) }),
    ...(onFailure === undefined
      ? {}
      : { onFailure: typeof onFailure === 'object' ? { to: idOf(onFailure.to) } : onFailure }),
    ...(compensate === undefined ? {} : { compensate: compensation(compensate, id) }),
  });
  return handle;
}

function nodeHandle(id: string): NodeHandle<Json> {
  return {
    id,
    output: handleOf(`${id}.output`),
    signal: handleOf(`${id}.signal`),
    artifacts: handleOf(`${id}.artifacts`),
    failure: handleOf(`${id}.failure`),
  };
}

function inputOf(input: unknown): unknown {
  const scope: Scope<unknown> = { item: handleOf('item'), index: handleOf('index') };
  return typeof input === 'function' ? (input as (scope: Scope<unknown>) => unknown)(scope) : input;
}

function compensation({ input, ...rest }: NonNullable<AnyOptions['compensate']>, id: string): object {
  if (input === undefined) return rest;
  const given = typeof input === 'function' ? (input as (undone: unknown) => unknown)(nodeHandle(id)) : input;
  return { ...rest, input: given };
}

function needText(need: Need): string {
  if (typeof need === 'string') return need;
  return 'tolerated' in need ? `${need.tolerated}?` : need.id;
}

function routeData(route: RouteOptions<string>): object {
  return 'to' in route ? { ...route, to: idOf(route.to) } : route;
}

function idOf(target: Target): string {
  return typeof target === 'string' ? target : target.id;
}

/** Of what is given, before defaults are filled in. */
function inputSchema(schema: z.ZodType): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

/** Plain data: handles have become templates. */
function plain(value: unknown): WorkflowInput {
  return JSON.parse(JSON.stringify(value)) as WorkflowInput;
}
