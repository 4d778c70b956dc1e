// LangGraph.js: a StateGraph of five nodes, each step checkpointed by SqliteSaver before the next one begins.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';
import { serveContender, type Contender } from '../durable/serve-contender.ts';
import { act, STEPS } from './act.ts';
import { versionOf } from './version-of.ts';

const State = Annotation.Root({
  steps: Annotation<string[]>({ reducer: (done, step) => [...done, ...step], default: () => [] }),
});

function openGraph(saver: SqliteSaver) {
  const step = (name: string) => async () => ({ steps: [(await act(name)).step] });
  return new StateGraph(State)
    .addNode('first', step('first'))
    .addNode('second', step('second'))
    .addNode('third', step('third'))
    .addNode('fourth', step('fourth'))
    .addNode('fifth', step('fifth'))
    .addEdge(START, 'first')
    .addEdge('first', 'second')
    .addEdge('second', 'third')
    .addEdge('third', 'fourth')
    .addEdge('fourth', 'fifth')
    .addEdge('fifth', END)
    .compile({ checkpointer: saver });
}

async function openContender(directory: string): Promise<Contender> {
  const saver = SqliteSaver.fromConnString(join(directory, 'langgraph.db'));
  saver.db.pragma('journal_mode = WAL');
  saver.db.pragma('synchronous = FULL'); // better-sqlite3 is built with NORMAL for a WAL, which loses commits at a power cut
  const graph = openGraph(saver);
  return {
    about: {
      engine: 'LangGraph.js',
      version: versionOf('@langchain/langgraph'),
      store: 'SqliteSaver, SQLite, WAL, synchronous=FULL',
      fsync: 'the caller’s thread, at every checkpoint and every write of a step (durability "sync")',
      processes: ['graph, saver and caller in one process, one thread'],
      concurrency: 'unbounded',
    },
    runOne: async () => {
      const config = { configurable: { thread_id: randomUUID() }, durability: 'sync' } as const;
      const { steps } = await graph.invoke({ steps: [] }, config);
      if (steps.length !== STEPS.length) throw new RangeError(`a graph made ${steps.length} steps`);
    },
    close: () => Promise.resolve(void saver.db.close()),
  };
}

await serveContender(openContender);
