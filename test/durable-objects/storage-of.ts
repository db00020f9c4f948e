import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';

/** Objects of one kind, by the name of its binding in wrangler.toml. */
type Binding = 'CHAIN' | 'DEVICE' | 'KEEPER';

let nextName = 0;

/** A stub of an object that no other test has used. */
export function freshObject(binding: Binding): DurableObjectStub {
  const namespace = (env as unknown as Record<Binding, DurableObjectNamespace>)[binding];
  return namespace.getByName(`test-object-${nextName++}`);
}

/** Runs inside an object, on its real SQLite. */
export function withStorage<R>(
  stub: DurableObjectStub,
  use: (storage: DurableObjectStorage) => R | Promise<R>,
): Promise<R> {
  return runInDurableObject(stub, (_, state) => use(state.storage));
}
