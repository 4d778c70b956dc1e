import { homedir } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import type { WaitingLineOptions } from '@vltair/core';
import { artifactTexts, tenantSchema, VltairError, type RedactionSettings } from '@vltair/protocol';

/**
 * Every environment variable that the product reads, validated once. A bad value refuses to start with
 * `invalid_argument/environment`; an unset or empty one takes its default. `docs/configuration.md` is held to this list.
 */
export const environmentVariables = {
  VLTAIR_DATA_DIR: 'Directory of the store. Default: .vltair in the project.',
  DATABASE_URL:
    'PostgreSQL database that holds the store, postgres://user:password@host:port/database. Default: a file in the data directory.',
  VLTAIR_TENANT: 'Whose runs are begun here; tenants share the workers of a store in equal parts. Default: default.',
  VLTAIR_TEST_MODE: '1: one attempt at a time, for strict order. Default: off.',
  VLTAIR_CI_DIAG:
    'Path of a JSONL file that gets one line per sandbox event; 1 means vltair-ci-diag.jsonl. Default: off.',
  GITHUB_ACTIONS: 'true: with VLTAIR_CI_DIAG, sandbox events also go to stderr as [ci-diag] lines.',
  VLTAIR_SANDBOX_ENABLE_SECCOMP: '1: a sandboxed command that opens a socket is killed and reported. Default: off.',
  VLTAIR_SANDBOX_ENABLE_CGROUPS_V2: '1: report in detail whether cgroups v2 could be used. Default: off.',
  SCHEDULER_MAX_QUEUE: 'Runs that may wait for their first attempt at a time. Default: any number.',
  POLICY:
    'What becomes of a start beyond SCHEDULER_MAX_QUEUE: reject refuses it, drop_oldest cancels the run that waits longest. Default: reject.',
  VLTAIR_HTTP_ALLOW:
    'Hosts that the agent http may send requests to, host or host:port, separated by commas. Default: none.',
  VLTAIR_SHELL_NETWORK: '1: commands of the agent shell may ask for the network of this machine. Default: off.',
  VLTAIR_REDACT_PREFIXES: 'Comma-separated prefixes of further secret tokens.',
  VLTAIR_REDACT_FIELDS: 'Texts hidden whole, per artifact kind: test_result=log,analysis=details.',
} as const;
type VariableName = keyof typeof environmentVariables;

export interface Configuration {
  /** Absolute; `undefined`: the project decides. */
  readonly dataDirectory: string | undefined;
  /** Of the database that holds the store; `undefined`: it is a file in the data directory. */
  readonly databaseUrl: string | undefined;
  /** Of the runs that are begun; `undefined`: `default`. */
  readonly tenant: string | undefined;
  readonly testMode: boolean;
  readonly ciDiagnostics: { readonly file: string; readonly onStderr: boolean } | undefined;
  readonly queue: WaitingLineOptions;
  readonly killOnSocket: boolean;
  readonly reportCgroupsV2: boolean;
  /** Where the agent `http` may send requests: `host` or `host:port`. */
  readonly httpAllow: readonly string[];
  /** Commands of the agent `shell` may ask for the network. */
  readonly shellNetwork: boolean;
  readonly redaction: RedactionSettings;
}

/** @throws VltairError `invalid_argument/environment`, naming the variable and what it may hold. */
export function readConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
  directory: string,
): Configuration {
  const value = (name: VariableName): string | undefined => {
    const text = environment[name];
    return text === undefined || text === '' ? undefined : text;
  };
  const diagnostics = value('VLTAIR_CI_DIAG');
  return {
    dataDirectory: directoryOf(value('VLTAIR_DATA_DIR'), directory),
    databaseUrl: addressOf(value('DATABASE_URL')),
    tenant: tenantOf(value('VLTAIR_TENANT')),
    testMode: flag('VLTAIR_TEST_MODE', value('VLTAIR_TEST_MODE')),
    ciDiagnostics:
      diagnostics === undefined || diagnostics === '0'
        ? undefined
        : {
            file: resolve(directory, diagnostics === '1' ? 'vltair-ci-diag.jsonl' : diagnostics),
            onStderr: value('GITHUB_ACTIONS') === 'true',
          },
    queue: queueOf(value('SCHEDULER_MAX_QUEUE'), value('POLICY')),
    killOnSocket: flag('VLTAIR_SANDBOX_ENABLE_SECCOMP', value('VLTAIR_SANDBOX_ENABLE_SECCOMP')),
    reportCgroupsV2: flag('VLTAIR_SANDBOX_ENABLE_CGROUPS_V2', value('VLTAIR_SANDBOX_ENABLE_CGROUPS_V2')),
    httpAllow: hostsOf(value('VLTAIR_HTTP_ALLOW')),
    shellNetwork: flag('VLTAIR_SHELL_NETWORK', value('VLTAIR_SHELL_NETWORK')),
    redaction: redactionOf(value('VLTAIR_REDACT_PREFIXES'), value('VLTAIR_REDACT_FIELDS')),
  };
}

function directoryOf(text: string | undefined, base: string): string | undefined {
  if (text === undefined) return undefined;
  if (text.includes('\0')) throw bad('VLTAIR_DATA_DIR', 'a path');
  if (text === '~' || text.startsWith('~/')) return resolve(homedir(), text.slice(2));
  return isAbsolute(text) ? resolve(text) : resolve(base, text);
}

/** Its value is never shown: it may hold a password. */
function addressOf(text: string | undefined): string | undefined {
  if (text === undefined || /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw bad('DATABASE_URL', 'an address of the form postgres://user:password@host:port/database');
}

function tenantOf(text: string | undefined): string | undefined {
  if (text === undefined || tenantSchema.safeParse(text).success) return text;
  throw bad('VLTAIR_TENANT', 'up to 63 letters, digits, dots, hyphens and underscores, a letter or digit first', text);
}

function queueOf(limit: string | undefined, policy: string | undefined): WaitingLineOptions {
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit)) throw bad('SCHEDULER_MAX_QUEUE', 'a number from 1', limit);
  if (policy !== undefined && policy !== 'reject' && policy !== 'drop_oldest')
    throw bad('POLICY', 'reject or drop_oldest', policy);
  return { ...(limit === undefined ? {} : { limit: Number(limit) }), ...(policy === undefined ? {} : { policy }) };
}

function flag(name: VariableName, text: string | undefined): boolean {
  if (text === undefined || text === '0') return false;
  if (text === '1') return true;
  throw bad(name, '0 or 1', text);
}

function hostsOf(text: string | undefined): readonly string[] {
  const hosts = text?.split(',').map((host) => host.trim()) ?? [];
  const unfit = hosts.find((host) => !isHost(host));
  if (unfit !== undefined)
    throw bad('VLTAIR_HTTP_ALLOW', 'hosts, each with or without :port, separated by commas', unfit);
  return hosts;
}

function isHost(text: string): boolean {
  const [, name, port = '80'] = /^(\[[0-9a-f:.]+\]|[^:/?#@\s[\]*]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  return name !== undefined && Number(port) > 0 && Number(port) < 65_536 && URL.canParse(`http://${name}/`);
}

function redactionOf(prefixes: string | undefined, fields: string | undefined): RedactionSettings {
  return { prefixes: listOf('VLTAIR_REDACT_PREFIXES', prefixes), fields: fieldsOf(fields) };
}

function listOf(name: VariableName, text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item.length < 2)) throw bad(name, 'prefixes of two or more characters, separated by commas');
  return items;
}

/** `kind=field,kind=field`. A field that would not be hidden is refused: who names one relies on it. */
function fieldsOf(text: string | undefined): Readonly<Record<string, readonly string[]>> {
  const result = new Map<string, string[]>();
  for (const item of text?.split(',') ?? []) {
    const [kind, field, ...rest] = item.trim().split('=');
    if (!kind || !field || rest.length > 0)
      throw bad('VLTAIR_REDACT_FIELDS', 'kind=field pairs, separated by commas', item);
    if (!hideable.includes(`${kind}=${field}`))
      throw bad('VLTAIR_REDACT_FIELDS', `pairs of ${hideable.join(', ')}`, item);
    result.set(kind, [...(result.get(kind) ?? []), field]);
  }
  return Object.fromEntries(result);
}

const hideable = Object.entries(artifactTexts).flatMap(([kind, fields]) => fields.map((field) => `${kind}=${field}`));

function bad(name: VariableName, expected: string, actual?: string): VltairError {
  const got = actual === undefined ? '' : `, not ${JSON.stringify(actual)}`;
  return new VltairError('invalid_argument/environment', { detail: `${name} must be ${expected}${got}`, where: name });
}
