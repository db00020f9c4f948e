export { ChainObject, DeviceObject } from '../../durable-objects/index.ts';

export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/healthz') return Response.json({ status: 'ok' });
    return new Response(null, { status: 404 });
  },
} satisfies ExportedHandler;
