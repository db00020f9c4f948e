import { describe, expect, test } from 'vitest';
import { prefersHtml, prefersJson } from '../../../workers/relay/negotiation.ts';

const BINARY = 'application/vnd.terachat.v1+tls';

describe('Whether a caller would rather read JSON', () => {
  test.each([
    'application/json',
    'application/json, text/plain, */*',
    'application/json;q=0.9, application/*;q=0.8',
    `application/json, ${BINARY};q=0.5`,
    `application/json, ${BINARY}`,
    'Application/JSON',
    'text/html, application/json ; q=0.5',
    'application/json; charset=utf-8',
  ])('[WI7] yes: %s', (accept) => {
    expect(prefersJson(accept, BINARY)).toBe(true);
  });

  test.each([
    null,
    '',
    '*/*',
    'application/*',
    BINARY,
    `${BINARY}, application/json`,
    `${BINARY}, application/json;q=0.9`,
    'application/json;q=0',
    'application/json;q=0.1, */*',
    'application/json;q=0.1, application/*',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'application/json-patch+json',
    'application/jsonx, text/plain',
  ])('[WI7] no: %s', (accept) => {
    expect(prefersJson(accept, BINARY)).toBe(false);
  });

  test('[WI7] compares with the type that the route gives, whatever it is', () => {
    expect(prefersJson('text/plain, application/json', 'text/plain')).toBe(false);
    expect(prefersJson('text/*;q=0.2, application/json;q=0.3', 'text/plain')).toBe(true);
  });
});

describe('Whether somebody sits at a browser', () => {
  test.each([
    'text/html',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'text/html, application/json',
    'text/html;q=0.8, application/json;q=0.5',
  ])('[HT12] yes: %s', (accept) => {
    expect(prefersHtml(accept)).toBe(true);
  });

  test.each([null, '', '*/*', 'text/*', 'application/json', 'application/json, text/html', 'text/html;q=0, */*'])(
    '[HT12] no: %s',
    (accept) => {
      expect(prefersHtml(accept)).toBe(false);
    },
  );
});
