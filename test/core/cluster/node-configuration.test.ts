import { describe, expect, it } from 'vitest';
import { parseClusterConfiguration, secretsOf } from '../../../core/index.ts';

const r2 = (name: string, binding = name) => ({ name, domain: name, kind: 'r2', binding });
const peer = (name: string, origin = `https://${name}.example`) => ({ name, domain: name, kind: 'peer', origin });
const s3 = (name: string, changes: object = {}) => ({
  name,
  domain: name,
  kind: 's3',
  endpoint: 'https://s3.example',
  bucket: name,
  region: 'auto',
  accessKeyId: 'id',
  secretAccessKey: `${name.toUpperCase()}_SECRET`,
  ...changes,
});

const parse = (...nodes: readonly unknown[]) => parseClusterConfiguration(JSON.stringify({ nodes, dataShards: 2 }));

function faultOf(...nodes: readonly unknown[]): unknown {
  const parsed = parse(...nodes, r2('x'), r2('y'), r2('z'));
  return parsed.ok ? undefined : { rule: parsed.error.rule, nodes: parsed.error.nodes };
}

describe('the nodes that a configuration names', () => {
  it('[SC13] are of any kind, and name the variables that hold their secrets once each', () => {
    const parsed = parse(
      r2('a'),
      s3('b'),
      peer('c'),
      { ...s3('d', { secretAccessKey: 'B_SECRET' }), spare: true },
      r2('e'),
    );
    if (!parsed.ok) throw new Error(parsed.error.title);
    expect(secretsOf(parsed.value)).toEqual(['B_SECRET']);
    expect(parsed.value.founding.nodes.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'e']);
  });

  it('[SC13] have addresses that nobody else can read, or are on this machine', () => {
    for (const origin of [
      'http://127.0.0.1:9000',
      'http://localhost',
      'http://[::1]:1/',
      'HTTPS://shards.example:8443',
    ]) {
      expect(faultOf(peer('a', origin)), origin).toBeUndefined();
    }
    for (const origin of [
      'http://shards.example',
      'ftp://shards.example',
      'shards.example',
      'https://user:word@shards.example',
      'http://127.0.0.1.shards.example',
      'http://localhost@shards.example',
      'https://shards.example/?to=',
      '',
    ]) {
      expect(faultOf(peer('a', origin)), origin).toEqual({ rule: 'bad-address', nodes: ['a'] });
    }
    expect(faultOf(s3('a', { endpoint: 'http://s3.example' }))).toEqual({ rule: 'bad-address', nodes: ['a'] });
  });

  it('[SC13] never hold a secret themselves', () => {
    for (const secretAccessKey of ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'a3f0'.repeat(16), '']) {
      const fault = faultOf(s3('a', { secretAccessKey }));
      expect(fault).toEqual({ rule: 'secret-in-text', nodes: ['a'] });
    }
  });

  it('[SC13] are different stores: what one has would look like an orphan to the other', () => {
    expect(faultOf(r2('a', 'SAME'), r2('b', 'SAME'))).toEqual({ rule: 'same-store', nodes: ['a', 'b'] });
    expect(faultOf(peer('a', 'https://p.example'), peer('b', 'https://P.example/'))).toMatchObject({
      rule: 'same-store',
    });
    // All of these are asked for at one place, and what one of the nodes has would be deleted as nobody's at the other.
    for (const spelling of [
      'https://p.example:443',
      'https://p.example./',
      'https://p.example:0443/x',
      'https://p.example/a/b',
    ]) {
      expect(faultOf(peer('a', 'https://p.example'), peer('b', spelling)), spelling).toMatchObject({
        rule: 'same-store',
      });
    }
    expect(faultOf(peer('a', 'https://p.example'), peer('b', 'https://p.example:8443'))).toBeUndefined();
    expect(faultOf(peer('a', 'http://[::1]:80'), peer('b', 'http://[::1]'))).toMatchObject({ rule: 'same-store' });
    expect(faultOf(s3('a', { bucket: 'one' }), s3('b', { bucket: 'one' }))).toMatchObject({ rule: 'same-store' });
    const [within, beside] = [{ endpoint: 'https://s.example/x' }, { endpoint: 'https://s.example:443' }];
    expect(faultOf(s3('a', { ...within, bucket: 'y' }), s3('b', { ...beside, bucket: 'x/y' }))).toMatchObject({
      rule: 'same-store',
    });
    expect(faultOf(s3('a'), s3('b'), { ...r2('c', 'x'), spare: true })).toEqual({
      rule: 'same-store',
      nodes: ['c', 'x'],
    });
    expect(faultOf(s3('a'), s3('b'))).toBeUndefined();
  });
});
