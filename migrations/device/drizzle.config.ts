import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'sqlite',
  schema: './durable-objects/device/schema.ts',
  out: './migrations/device',
});
