import { run } from './cli/program.ts';
import { processTerminal } from './cli/terminal.ts';

// not exitCode: a thread that does not stop must not keep the process
process.exit(await run(process.argv.slice(2), processTerminal()));
