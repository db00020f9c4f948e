import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'sqlite',
  schema: './durable-objects/chain/schema.ts',
  out: './migrations/chain',
});
