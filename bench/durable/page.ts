// Writes what the documents show of one measurement: docs/benchmarks.md, docs/benchmarks.svg and, with --baseline, the
// part of it that the regression gate compares, bench/baseline.json.
//   node bench/durable/page.ts [FILE] [--baseline]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { benchmarksPage } from './benchmarks-page.ts';
import { baselineOf } from './gate.ts';
import { plotSvg } from './plot.ts';
import { resultSchema } from './result.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const { values, positionals } = parseArgs({
  options: { baseline: { type: 'boolean', default: false } },
  allowPositionals: true,
});

async function write(path: string, text: string, parser?: string): Promise<void> {
  const file = join(ROOT, path);
  const formatted = parser === undefined ? text : await format(text, { ...(await resolveConfig(file)), parser });
  writeFileSync(file, formatted);
  console.log(path);
}

const [file = join(ROOT, 'bench', 'results', 'latest.json')] = positionals;
const result = resultSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
await write('docs/benchmarks.svg', plotSvg(result));
await write('docs/benchmarks.md', benchmarksPage(result), 'markdown');
if (values.baseline) await write('bench/baseline.json', JSON.stringify(baselineOf(result)), 'json');
