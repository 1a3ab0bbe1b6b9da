import { join } from 'node:path';

/** Migrations of the stack's own tests, so that they do not depend on the product's. */
export const fixtures = join(import.meta.dirname, 'migrations');
