/** SQL is imported as text: by the `[[rules]]` of wrangler.toml in workerd, by vitest.config.ts under Node. */
declare module '*.sql' {
  const text: string;
  export default text;
}
