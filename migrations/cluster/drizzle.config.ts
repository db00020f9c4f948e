import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'sqlite',
  schema: './durable-objects/cluster/schema.ts',
  out: './migrations/cluster',
});
