import corpusData from './corpus.json' with { type: 'json' };

/** A package of which the bench lays out one copy and plants one bug in it. */
export interface CorpusEntry {
  readonly id: string;
  readonly kind: 'npm' | 'python';
  readonly package: string;
  /** The version of the package; for a module of the standard library, the version of CPython. */
  readonly version: string;
  readonly license: string;
  /** Of the tarball, or of the module's file. */
  readonly integrity: string;
  /** The files that may be changed. */
  readonly sources: readonly string[];
  readonly testCommand: string;
  /** What the package and its tests need, at exact versions. */
  readonly dependencies: Readonly<Record<string, string>>;
}

export interface Corpus {
  readonly seed: string;
  /** How many entries get a bug from outside a line-local repair grammar. */
  readonly outsideGrammar: number;
  readonly entries: readonly CorpusEntry[];
}

export const corpus: Corpus = {
  ...corpusData,
  entries: corpusData.entries.map((entry) => ({
    ...entry,
    kind: entry.kind === 'python' ? 'python' : 'npm',
    dependencies: definedVersions(entry.dependencies),
  })),
};

function definedVersions(dependencies: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(dependencies).flatMap(([name, version]) => (version === undefined ? [] : [[name, version]])),
  );
}
