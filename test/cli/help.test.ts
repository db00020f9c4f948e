import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../cli/cli.ts';
import { runHere } from './run-cli.ts';
import { Terminal } from './terminal.ts';

const COLUMNS = 80;

let terminal: Terminal;

beforeAll(() => {
  terminal = new Terminal();
});

afterAll(() => terminal.close());

describe('help', () => {
  it('names every command and exit code', async () => {
    const { exit, out, err } = await runHere('--help');
    expect([exit, err]).toEqual([0, '']);
    for (const [name] of pagesBelow([])) expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    for (const meant of [0, 1, 2, 3, 4, 130]) expect(out).toMatch(new RegExp(`^ +${meant}  \\w`, 'm'));
  });

  it('fits 80 columns for every command, says what it is for and shows how it is called', async () => {
    for (const page of [[], ...pagesBelow([])]) {
      const text = await helpOf(page);
      expect(text).toContain(`Usage: terachat ${page.join(' ')}`.trimEnd());
      expect(text.split('\n')[2], 'a sentence under the usage').toMatch(/^\w.*\w/);
      if (pagesBelow(page).length === 0) expect(text).toMatch(/^Examples?:\n {2}terachat \w/m);
      for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(COLUMNS);
    }
  });
});

/** Of every command under this one, and of theirs: what is typed to get there. */
function pagesBelow(page: readonly string[]): readonly (readonly string[])[] {
  let command = createProgram(false);
  for (const name of page) command = command.commands.find((part) => part.name() === name) ?? command;
  return command.commands.flatMap((part) => {
    const path = [...page, part.name()];
    return [path, ...pagesBelow(path)];
  });
}

async function helpOf(page: readonly string[]): Promise<string> {
  const { exit, out } = await runHere(...page, '--help');
  expect(exit).toBe(0);
  return out;
}

describe('wrong arguments', () => {
  it('end with 2, and say on standard error what is wrong and where help is', async () => {
    const { code, out, err } = await terminal.here('send', 'friends');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain("missing required argument 'text'");
    expect(err).toContain('--help');
    expect((await terminal.here('nonsense')).code).toBe(2);
    expect((await runHere('serve', '--port', 'http')).err).toContain('A port is a number from 0 to 65535.');
    for (const relay of ['relay.example', 'ftp://relay.example']) {
      const refused = await runHere('init', '--relay', relay);
      expect([refused.exit, refused.err]).toEqual([
        2,
        expect.stringContaining('A relay is an address such as https://'),
      ]);
    }
  });

  it('are JSON where JSON is asked for', async () => {
    expect(await terminal.refusal('send', 'friends')).toMatchObject({ exit: 2, code: 'missing-argument' });
    expect(await terminal.refusal('read', 'friends', '--last', '0')).toMatchObject({
      exit: 2,
      code: 'invalid-argument',
    });
    expect(await terminal.refusal('--no-such-option', 'inbox')).toMatchObject({ exit: 2, code: 'unknown-option' });
    expect(await terminal.refusal('audit')).toMatchObject({ exit: 2, code: 'audit-what' });
  });
});
