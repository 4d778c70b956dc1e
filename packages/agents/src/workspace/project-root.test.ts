import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProjectRoot } from './project-root.ts';
import { aDirectory, userGit } from '../../test/workspace-fixtures.ts';

describe('the root of a project', () => {
  it.each([
    [{ 'package.json': '{"workspaces":["packages/*"]}' }],
    [{ 'package.json': '{"workspaces":{"packages":["./packages/**/"]}}' }],
    [
      {
        'pnpm-workspace.yaml':
          'onlyBuiltDependencies:\n  - x\npackages:\n  # ours\n  - \'packages/*\'\n  - "!**/test/**"\n',
      },
    ],
  ])('is the workspaces root that lists the package: %j', async (files) => {
    const root = aDirectory({ ...files, 'packages/a/package.json': '{}', 'packages/a/src/x.ts': '', 'tools/x.js': '' });
    for (const packagePath of ['packages/a', 'packages/a/src']) {
      expect(await findProjectRoot(join(root, packagePath))).toEqual({ root, packagePath, kind: 'workspaces' });
    }
    expect(await findProjectRoot(join(root, 'tools'))).toMatchObject({ root: join(root, 'tools'), kind: 'directory' });
    expect(await findProjectRoot(root)).toEqual({ root, packagePath: '', kind: 'workspaces' });
  });

  it('does not count an excluded package, nor a root beyond the top of the repository', async () => {
    const root = aDirectory({
      'package.json': '{"workspaces":["p/*","!p/b"]}',
      'p/b/package.json': '{}',
      'p/a/package.json': '{}',
    });
    expect((await findProjectRoot(join(root, 'p/b'))).kind).toBe('directory');
    await userGit(join(root, 'p/a'), 'init');
    expect(await findProjectRoot(join(root, 'p/a'))).toMatchObject({ kind: 'repository', packagePath: '' });
  });

  it('is the top of the repository otherwise, or the directory itself; broken manifests above do no harm', async () => {
    const root = aDirectory({ 'package.json': '{"workspaces": 7', 'a/b/x': '' });
    expect(await findProjectRoot(join(root, 'a/b'))).toEqual({
      root: join(root, 'a/b'),
      packagePath: '',
      kind: 'directory',
    });
    await userGit(root, 'init');
    expect(await findProjectRoot(join(root, 'a/b'))).toEqual({ root, packagePath: 'a/b', kind: 'repository' });
    await expect(findProjectRoot(join(root, 'absent'))).rejects.toMatchObject({ reason: 'not_a_directory' });
  });
});
