import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'sqlite',
  schema: './durable-objects/fanout/schema.ts',
  out: './migrations/fanout',
});
