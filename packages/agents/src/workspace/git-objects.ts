import { createHash, hash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, deflate, deflateSync } from 'node:zlib';

/** The object model of git, as bytes. Ids are SHA-256 in hex: what a signed log records must not rest on SHA-1. */
export type GitObject = { readonly kind: 'blob' | 'tree'; readonly id: string; readonly content: Buffer };

export type FileMode = '100644' | '100755' | '120000';

/** One file or symbolic link of a tree. `size` is in bytes; a link's content is its target. */
export interface TreeEntry {
  readonly path: string;
  readonly mode: FileMode;
  readonly blob: string;
  readonly size: number;
}

export function objectId(kind: GitObject['kind'], content: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(`${kind} ${content.length}\0`), content]), 'hex');
}

export function aBlob(content: Uint8Array): GitObject {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return { kind: 'blob', id: objectId('blob', bytes), content: bytes };
}

/** Byte order of UTF-8, the order in which git keeps names; UTF-16 order differs beyond the basic plane. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: Map<string, TreeEntry>;
}

/** The tree objects of a list of entries, every folder before the one that contains it; the last is the root. */
export function encodeTrees(entries: Iterable<TreeEntry>): { readonly root: string; readonly objects: GitObject[] } {
  const root: Folder = { folders: new Map(), files: new Map() };
  for (const entry of entries) {
    const names = entry.path.split('/');
    const name = names.pop() ?? '';
    names.reduce(descend, root).files.set(name, entry);
  }
  const objects: GitObject[] = [];
  return { root: encodeFolder(root, objects), objects };
}

function descend(folder: Folder, name: string): Folder {
  const known = folder.folders.get(name);
  if (known !== undefined) return known;
  const created: Folder = { folders: new Map(), files: new Map() };
  folder.folders.set(name, created);
  return created;
}

function encodeFolder(folder: Folder, objects: GitObject[]): string {
  const rows = [
    ...[...folder.files].map(([name, file]) => ({ key: Buffer.from(name), mode: file.mode, name, id: file.blob })),
    ...[...folder.folders].map(([name, inner]) => {
      return { key: Buffer.from(`${name}/`), mode: '40000', name, id: encodeFolder(inner, objects) };
    }),
  ].sort((a, b) => Buffer.compare(a.key, b.key));
  const content = Buffer.concat(
    rows.flatMap(({ mode, name, id }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]),
  );
  const tree: GitObject = { kind: 'tree', id: objectId('tree', content), content };
  objects.push(tree);
  return tree.id;
}

const FAST = { level: constants.Z_BEST_SPEED };
const deflateInThreadPool = promisify<Uint8Array, typeof FAST, Buffer>(deflate);

/** A pack stream (version 2, no deltas) of the given objects, in the given order. */
export async function* encodePack(objects: readonly GitObject[]): AsyncGenerator<Buffer> {
  const digest = createHash('sha256');
  const header = Buffer.alloc(12);
  header.write('PACK');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(objects.length, 8);
  digest.update(header);
  yield header;
  for (const object of objects) {
    const { content } = object;
    const body = content.length > 262_144 ? await deflateInThreadPool(content, FAST) : deflateSync(content, FAST);
    const packed = Buffer.concat([packHeader(object), body]);
    digest.update(packed);
    yield packed;
  }
  yield digest.digest();
}

const PACK_TYPE = { tree: 2, blob: 3 } as const;

/** Type and size: four bits of size in the first byte, then seven in each, the least significant first. */
function packHeader({ kind, content }: GitObject): Buffer {
  const bytes = [(PACK_TYPE[kind] << 4) | (content.length & 15)];
  for (let rest = Math.floor(content.length / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}
