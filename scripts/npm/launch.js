// Does the same where a package manager starts this file with Node instead of the system (Yarn 2 and newer).
"use strict";
const { spawn } = require("child_process");
const { constants } = require("os");

const EXIT_CONFIG = 2;
const EXIT_SIGNAL = 128;

function find(name) {
  try {
    return require.resolve(`${name}/bin/tilth`);
  } catch {
    return undefined;
  }
}

function fail(message) {
  process.stderr.write(`tilth: ${message}\n`);
  process.exitCode = EXIT_CONFIG;
}

// Whoever ends Node by a signal means the program: it gets the signal too, and has the time to clean up.
function run(program) {
  let child;
  for (const name of ["SIGTERM", "SIGHUP"]) {
    process.on(name, () => child.kill(name));
  }
  // Ctrl-C reaches every process of the terminal by itself.
  process.on("SIGINT", () => {});
  child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
  child.on("error", (error) => fail(`${program} cannot be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    process.exitCode = signal ? EXIT_SIGNAL + constants.signals[signal] : code;
  });
}

const name = `@tilth/${process.platform}-${process.arch}`;
const program = find(name);
if (program) {
  run(program);
} else if ("@packages@".split(" ").includes(name)) {
  fail(`the package ${name}, which holds the program, is not installed.
It is an optional dependency of tilth: install again with these; where the lock file lacks it, add tilth again.`);
} else {
  fail(`there is no program for ${process.platform} ${process.arch} in this release, only for: @platforms@.
Run tilth in a container or in WSL, or build it from source.`);
}
