/** wrangler compiles WebAssembly when it deploys; workerd itself compiles none. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
