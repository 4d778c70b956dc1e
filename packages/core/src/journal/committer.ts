import type { WriteReply, WriteRequest } from './write-request.ts';

/** Where write requests go. Replies come in the order of the requests. */
export interface Committer {
  /** Rejects only when the committer itself is lost or closed: then the outcome is unknown (S6). */
  commit(request: WriteRequest): Promise<WriteReply>;
  close(): Promise<void>;
}
