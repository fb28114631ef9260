#!/usr/bin/env node
// Starts src/main.ts under Node 24 or newer: this one, else the one that is installed with the project.
'use strict';

const { spawn } = require('node:child_process');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const main = join(__dirname, '../src/main.ts');

if (Number.parseInt(process.versions.node, 10) >= 24) {
  void import(pathToFileURL(main).href);
} else {
  const node = require.resolve(`node-${process.platform}-${process.arch}/bin/node`);
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) {
    // a terminal's Ctrl-C reaches the child by itself; a second one would mean "at once"
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeAllListeners(name);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}
