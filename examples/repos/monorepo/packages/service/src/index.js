export { MemoryStore } from './memory-store.js';
export { NoteNotFound, NoteService } from './note-service.js';
