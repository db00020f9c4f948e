import { expect, it } from 'vitest';
import { IdAwareCommand } from '../../cli/id-aware-command.ts';

const WHOLE = `--h${'x'.repeat(40)}`;

/** What `group show` was given by a command line. */
function parse(...line: readonly string[]) {
  const heard: unknown[] = [];
  const program = new IdAwareCommand('terachat').version('1').option('--json').exitOverride();
  program.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  program
    .command('group')
    .command('show')
    .argument('<id>')
    .option('--code <code>')
    .action((id: string, options: object) => void heard.push(id, options));
  program.parse(line, { from: 'user' });
  return heard;
}

it.each(['-psFUS', '-hQ3xYw', '-VxYw1', WHOLE])('an id that begins with a dash is an argument: %s', (id) => {
  expect(parse('group', 'show', id, '--code', 'c')).toEqual([id, { code: 'c' }]);
  expect(parse('--json', 'group', 'show', '--code', id, id)).toEqual([id, { code: id }]);
});

it.each(['-h', '--help', '-V', '--version'])('an option stays one: %s', (option) => {
  expect(() => parse(...(option.includes('h') ? ['group', 'show', option] : [option]))).toThrow(
    expect.objectContaining({ exitCode: 0 }) as Error,
  );
});

it('an option that is none is refused', () => {
  expect(() => parse('group', 'show', 'id', '--colour')).toThrow("unknown option '--colour'");
});
