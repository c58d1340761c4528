// Does the same where a package manager starts this file with Node instead of the system (Yarn 2 and newer).
"use strict";
const { spawn } = require("child_process");
const { existsSync, lstatSync } = require("fs");
const { constants } = require("os");

const LOADERS = { x64: "/lib64/ld-linux-x86-64.so.2", arm64: "/lib/ld-linux-aarch64.so.1" };
const MACHINES = { x64: "x86_64", arm64: "aarch64" };
const EXIT_CONFIG = 2;
const EXIT_SIGNAL = 128;

function find(name) {
  try {
    return require.resolve(`${name}/bin/tilth`);
  } catch {
    return undefined;
  }
}

function isLink(file) {
  const found = lstatSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.isSymbolicLink();
}

// The program without glibc first where glibc is older than 2.34: then its file has the version in its name.
function choose(cpu) {
  const gnu = existsSync(LOADERS[cpu]) && find(`@tilth/linux-${cpu}-gnu`);
  const musl = find(`@tilth/linux-${cpu}-musl`);
  const isOld = [`/lib/${MACHINES[cpu]}-linux-gnu`, "/lib64"].some((folder) => isLink(`${folder}/libc.so.6`));
  return (isOld && musl) || gnu || musl;
}

function fail(message) {
  process.stderr.write(`tilth: ${message}\n`);
  process.exitCode = EXIT_CONFIG;
}

// Whoever ends Node by a signal means the program: it gets the signal too, and has the time to clean up.
function run(program) {
  const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
  for (const name of ["SIGTERM", "SIGHUP"]) {
    process.on(name, () => child.kill(name));
  }
  // Ctrl-C reaches every process of the terminal by itself.
  process.on("SIGINT", () => {});
  child.on("error", (error) => fail(`${program} cannot be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    process.exitCode = signal ? EXIT_SIGNAL + constants.signals[signal] : code;
  });
}

const packages = "@packages@".split(" ");
const prefix = `@tilth/${process.platform}-${process.arch}-`;
const program = packages.some((name) => name.startsWith(prefix)) ? choose(process.arch) : undefined;
if (program) {
  run(program);
} else if (packages.some((name) => name.startsWith(prefix))) {
  fail(`none of the packages ${packages.filter((name) => name.startsWith(prefix)).join(", ")} is installed.
They are optional dependencies of tilth and hold the program: install again with these.`);
} else {
  fail(`there is no program for ${process.platform} ${process.arch} in this release, only for: @platforms@.
Run tilth in a container or in WSL, or build it from source.`);
}
