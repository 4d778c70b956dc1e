import type { ReportedError } from './report.ts';

export interface TapDiagnostic {
  readonly file?: string;
  /** As `file`, from the `at` that tape and others write for failures alone. */
  readonly failedIn?: string;
  readonly line?: number;
  readonly durationMs?: number;
  readonly error: Partial<ReportedError>;
}

/**
 * Reads the YAML block of a TAP test point: scalars and block scalars at the outer level, which is what TAP producers
 * write (node:test, tape, node-tap). Anything deeper is left alone.
 */
export function parseDiagnostic(text: string): TapDiagnostic {
  const fields = outerFields(text);
  const location = fields.get('location');
  const place = placeOf(location ?? fields.get('at') ?? '');
  const holder = location === undefined ? 'failedIn' : 'file';
  const duration = Number(fields.get('duration_ms') ?? Number.NaN);
  const message = fields.get('error') ?? fields.get('message') ?? fields.get('operator');
  const expected = fields.get('expected');
  const actual = fields.get('actual');
  const stack = fields.get('stack');
  return {
    ...(place?.[1] === undefined ? {} : { [holder]: place[1], line: Number(place[2]) }),
    ...(duration >= 0 ? { durationMs: duration } : {}),
    error: {
      ...(message === undefined ? {} : { message }),
      ...(stack === undefined ? {} : { stack }),
      ...(expected === undefined || actual === undefined ? {} : { expected, actual }),
    },
  };
}

/** `file:line:column`, by itself or, as tape writes it, in brackets behind the function's name. */
function placeOf(text: string): RegExpExecArray | null {
  const inner = /\(([^()]+)\)$/.exec(text)?.[1] ?? text;
  return /^(?:file:\/\/)?(.+?):(\d+)(?::\d+)?$/.exec(inner);
}

function outerFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const [, key, value] = /^(\w+):(?: (.*))?$/.exec(lines[at] ?? '') ?? [];
    if (key === undefined) continue;
    const isBlock = /^[|>][-+]?$/.test(value ?? '');
    fields.set(key, isBlock ? blockAfter(lines, at) : unquoted(value ?? ''));
  }
  return fields;
}

function blockAfter(lines: readonly string[], at: number): string {
  const block: string[] = [];
  for (const line of lines.slice(at + 1)) {
    if (line.trim() !== '' && !line.startsWith('  ')) break;
    block.push(line.slice(2));
  }
  return block.join('\n').trimEnd();
}

function unquoted(value: string): string {
  const single = /^'(.*)'$/s.exec(value)?.[1];
  if (single !== undefined) return single.replaceAll("''", "'");
  const double = /^"(.*)"$/s.exec(value)?.[1];
  return double === undefined ? value : double.replaceAll('\\n', '\n').replaceAll('\\"', '"');
}
