// A registry of npm packages on this machine: serves the .tgz files of a folder until it is ended.
// usage: node registry.mjs FOLDER; the first line that it prints is its URL.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const folder = process.argv[2];

// A .tgz is blocks of 512 bytes: a header with name and size (octal), then the file.
function readManifest(archive) {
  const bytes = gunzipSync(archive);
  for (let at = 0; at < bytes.length; ) {
    const name = bytes.toString("utf8", at, at + 100).split("\0", 1)[0];
    const size = parseInt(bytes.toString("utf8", at + 124, at + 136), 8);
    if (name === "package/package.json") {
      return JSON.parse(bytes.toString("utf8", at + 512, at + 512 + size));
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error("package.json is missing");
}

// What npm asks first: the versions of a package, each with its package.json and where the file is.
function describe(file, base) {
  const archive = readFileSync(join(folder, file));
  const manifest = readManifest(archive);
  manifest.dist = {
    tarball: `${base}/-/${file}`,
    integrity: `sha512-${createHash("sha512").update(archive).digest("base64")}`,
    shasum: createHash("sha1").update(archive).digest("hex"),
  };
  return { name: manifest.name, "dist-tags": { latest: manifest.version }, versions: { [manifest.version]: manifest } };
}

const server = createServer((request, response) => {
  const base = `http://${request.headers.host}`;
  const wanted = decodeURIComponent(request.url.slice(1).split("?", 1)[0]);
  const files = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  if (wanted.startsWith("-/") && files.includes(wanted.slice(2))) {
    response.end(readFileSync(join(folder, wanted.slice(2))));
    return;
  }
  const found = files.map((file) => describe(file, base)).find((one) => one.name === wanted);
  response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
  response.end(JSON.stringify(found ?? { error: "not found" }));
});

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
