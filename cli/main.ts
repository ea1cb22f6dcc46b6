import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Node then keeps the compiled sources. The program is imported after this line, because the cache serves only later imports.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url)));
await import('./program/start.ts');
