import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'sqlite',
  schema: './durable-objects/shard-account/schema.ts',
  out: './migrations/shard-account',
});
