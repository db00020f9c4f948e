import { expect, test } from 'vitest';
import { isRelayInfo } from '../../../core/index.ts';

const least = { name: 'relay.example', version: '0.1.0', checkpointKey: 'key', time: '1' };
const proposer = { key: 'key', bindings: { 1: 'binding' } };

test.each([
  ['what an older relay says', least],
  ['what all say', { ...least, nodeKey: 'key', policies: { run: 'bundled', modules: ['hash'] }, proposer }],
  ['what is added since', { ...least, added: [1] }],
])('[CL1] %s of itself is enough to know it', (_, json) => {
  expect(isRelayInfo(json)).toBe(true);
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a list', []],
  ['text', 'relay.example'],
  ['one without a name', { ...least, name: undefined }],
  ['a time that is a number', { ...least, time: 1 }],
  ['a key that is none', { ...least, nodeKey: 1 }],
  ['policies without modules', { ...least, policies: { run: 'bundled' } }],
  ['modules that are numbers', { ...least, policies: { run: 'bundled', modules: [1] } }],
  ['policies that are null', { ...least, policies: null }],
  ['a proposer without bindings', { ...least, proposer: { key: 'key' } }],
  ['bindings that are no text', { ...least, proposer: { key: 'key', bindings: { 1: 1 } } }],
])('[CL1] %s is no description of a relay', (_, json) => {
  expect(isRelayInfo(json)).toBe(false);
});
