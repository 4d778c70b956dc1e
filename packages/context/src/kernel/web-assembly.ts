/** What this package uses of WebAssembly: its types belong to the library of browsers, which nothing else here wants. */
declare global {
  // oxlint-disable-next-line typescript/no-namespace -- a global has no other form
  namespace WebAssembly {
    class Memory {
      constructor(description: { readonly initial: number; readonly maximum: number; readonly shared: true });
      readonly buffer: SharedArrayBuffer;
      grow(pages: number): number;
    }
    class Module {
      constructor(bytes: Uint8Array);
    }
    class Instance {
      constructor(module: Module, imports: { readonly env: { readonly memory: Memory } });
      readonly exports: Readonly<Record<string, unknown>>;
    }
  }
}

export {};
