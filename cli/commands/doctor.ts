import type { Command } from 'commander';
import { reportChecks, type Check } from '../doctor/check.ts';
import { checkLocks, checkPermissions, checkProfile } from '../doctor/profile-checks.ts';
import { checkProgram } from '../doctor/program-checks.ts';
import { checkRelay } from '../doctor/relay-checks.ts';
import { checkDeployment } from '../doctor/relay-folder-deployment.ts';
import { checkRelayFolder } from '../doctor/relay-folder-checks.ts';
import { Failure } from '../failure.ts';
import { DEFAULT_RELAY_FOLDER, globalOptions, type GlobalOptions } from '../options.ts';
import { createOutput } from '../output.ts';
import { interruptSignal } from '../person.ts';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('find what is wrong, and say what to do')
    .description(
      'Looks at this program, the profile and its relay, at the folder of a relay that is served from here, and in a clone whose ' +
        'wrangler.toml names a relay at the rules of its buckets. ' +
        'Changes nothing. Ends with 1 where a check fails.',
    )
    .option('-d, --data <folder>', 'of a relay on this machine', DEFAULT_RELAY_FOLDER)
    .addHelpText('after', '\nExamples:\n  terachat doctor --profile alice\n  terachat doctor --data /var/lib/terachat')
    .action(doctor);
}

async function doctor({ data }: { data: string }, command: Command): Promise<void> {
  const options = globalOptions(command);
  const interrupt = interruptSignal();
  try {
    const checks = [
      ...checkProgram(),
      ...(await checkPerson(options, interrupt.signal)),
      ...(await checkRelayFolder(data, command.getOptionValueSource('data') === 'cli')),
      ...(await checkDeployment()),
    ];
    reportChecks(checks, createOutput(options.json));
    const failed = checks.filter(({ status }) => status === 'fail');
    if (failed.length === 0) return;
    const names = failed.map(({ name }) => name).join(', ');
    throw new Failure('failed', 'check-failed', `${failed.length} of ${checks.length} checks failed: ${names}`);
  } finally {
    interrupt.release();
  }
}

async function checkPerson(options: GlobalOptions, signal: AbortSignal): Promise<readonly Check[]> {
  const { check, profile } = checkProfile(options);
  if (profile === undefined) return [check];
  return [check, checkPermissions(profile), checkLocks(profile), ...(await checkRelay(profile, signal))];
}
