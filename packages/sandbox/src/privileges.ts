/** Who we are, and whom the command runs as: as root its own user, unless that one could not reach the work. */
export interface Privileges {
  readonly isRoot: boolean;
  readonly uid: number;
  readonly gid: number;
}

const DROPPED_USER = 65534;

export function currentPrivileges(): Privileges {
  const uid = process.getuid?.() ?? DROPPED_USER;
  const isRoot = uid === 0;
  return { isRoot, uid: isRoot ? DROPPED_USER : uid, gid: isRoot ? DROPPED_USER : (process.getgid?.() ?? uid) };
}

/** Who owns what a command may write, when it is not the current user: hand a directory over once, and keep it so. */
export function commandOwner(): { readonly uid: number; readonly gid: number } | undefined {
  const { isRoot, uid, gid } = currentPrivileges();
  return isRoot ? { uid, gid } : undefined;
}
