import { expect, test } from 'vitest';
import { registerSuites } from './register-suites.ts';

test('this is workerd', () => expect(navigator.userAgent).toBe('Cloudflare-Workers'));

registerSuites('workerd');
