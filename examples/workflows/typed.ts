import { cel, defineWorkflow, text } from '@vltair/core';
import { z } from 'zod';

const measure = {
  agent: 'transform',
  action: 'evaluate',
  input: z.object({ expressions: z.record(z.string(), z.string()), values: z.object({ words: z.array(z.string()) }) }),
  output: z.object({ count: z.int(), first: z.int() }),
} as const;

export const note = {
  agent: 'codegen',
  action: 'create',
  input: z.object({ target: z.string(), content: z.string() }),
  output: z.object({ target: z.string() }),
} as const;

/** The same data as in YAML; what nodes take and give is checked by the compiler. */
export const workflow = defineWorkflow(
  {
    name: 'typed',
    description: 'Measures words, and writes a note when there are enough of them.',
    input: z.object({ words: z.array(z.string()) }),
  },
  (w) => {
    const measured = w.node('measure', {
      agent: measure,
      input: {
        expressions: { count: 'size(words)', first: 'size(words[0])' },
        values: { words: w.input.words },
      },
    });
    w.node('note', {
      agent: note,
      needs: [measured],
      when: cel`${measured.output.count} > ${1}`,
      input: { target: 'note.txt', content: text`${measured.output.count} words` },
    });
    return { count: measured.output.count };
  },
);
