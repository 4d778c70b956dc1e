import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aBlob, type TreeEntry } from './git-objects.ts';
import { changeEntries, type TreeChange } from './tree-change.ts';

const none = () => false;

function anEntry(path: string, content = path, mode: TreeEntry['mode'] = '100644'): TreeEntry {
  return { path, mode, blob: aBlob(Buffer.from(content)).id, size: content.length };
}

describe('changes of a tree', () => {
  const tree = [anEntry('a/b'), anEntry('c'), anEntry('link', 'a', '120000')];

  it.each([
    ['', 'empty_path'],
    ['/etc/passwd', 'absolute_path'],
    ['a/../../b', 'outside_tree'],
    ['a/.git/config', 'git_directory'],
    ['a/.GIT', 'git_directory'],
    ['a//b', 'invalid_name'],
    ['./a', 'invalid_name'],
    ['a/', 'invalid_name'],
    ['a\0b', 'invalid_name'],
    ['\u{D800}', 'invalid_name'],
    ['n'.repeat(256), 'invalid_name'],
    ['a', 'is_directory'],
    ['c/d', 'parent_is_file'],
    ['link', 'is_link'],
    ['link/x', 'through_link'],
    ['test/x.test.ts', 'protected'],
  ])('refuse a write to %j as %s', (path, reason) => {
    const isProtected = (candidate: string) => candidate.startsWith('test/');
    const outcome = changeEntries(tree, [{ path, content: 'x' }], isProtected);
    expect(outcome).toEqual({ kind: 'refused', reason, path });
  });

  it('refuse two changes of one path, and the deletion of a folder', () => {
    const twice = [
      { path: 'c', content: 'x' },
      { path: 'c', content: null },
    ];
    expect(changeEntries(tree, twice, none)).toMatchObject({ kind: 'refused', reason: 'duplicate_path' });
    expect(changeEntries(tree, [{ path: 'a', content: null }], none)).toMatchObject({ reason: 'is_directory' });
  });

  it('report as a conflict every file that is not as expected, and change nothing', () => {
    const changes = [
      { path: 'c', content: 'x', expectedBlob: 'f00' },
      { path: 'new', content: 'x', expectedBlob: null },
      { path: 'a/b', content: 'x', expectedBlob: null },
    ];
    expect(changeEntries(tree, changes, none)).toEqual({
      kind: 'conflict',
      conflicts: [
        { path: 'a/b', expected: null, actual: anEntry('a/b').blob },
        { path: 'c', expected: 'f00', actual: anEntry('c').blob },
      ],
    });
  });

  it('may put a file in the place of a folder and a folder in the place of a file', () => {
    const outcome = changeEntries(
      tree,
      [
        { path: 'a', content: 'x' },
        { path: 'a/b', content: null },
        { path: 'c', content: null },
        { path: 'c/d', content: 'y' },
      ],
      none,
    );
    expect(outcome.kind === 'changed' && outcome.entries.map(({ path }) => path)).toEqual(['a', 'c/d', 'link']);
  });

  it('keep the executable bit unless told otherwise', () => {
    const modeAfter = (change: TreeChange) => {
      const outcome = changeEntries([anEntry('run', 'x', '100755')], [change], none);
      return outcome.kind === 'changed' ? outcome.entries[0]?.mode : outcome;
    };
    expect(modeAfter({ path: 'run', content: 'y' })).toBe('100755');
    expect(modeAfter({ path: 'run', content: 'y', executable: false })).toBe('100644');
  });

  it('give the same answer in every order', () => {
    const name = fc.constantFrom('a', 'a/b', 'a/c', 'c', 'c/d', 'link', 'x', '.git', 'é', '\u{1F600}', '\u{FFEE}');
    const change = fc.record({ path: name, content: fc.option(fc.string()) });
    const shuffled = fc
      .array(change, { maxLength: 6 })
      .chain((changes) => fc.tuple(fc.constant(changes), fc.shuffledSubarray(changes, { minLength: changes.length })));
    fc.assert(
      fc.property(shuffled, ([changes, reordered]) => {
        const unique = new Set(changes.map(({ path }) => path)).size === changes.length;
        const [one, other] = [changeEntries(tree, changes, none), changeEntries(tree, reordered, none)];
        if (unique) expect(other).toEqual(one);
        else expect(other.kind).toBe('refused');
      }),
    );
  });
});
