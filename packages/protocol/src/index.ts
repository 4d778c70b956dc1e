export * from './artifacts/test-result.ts';
