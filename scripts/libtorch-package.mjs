// An npm package of a LibTorch for the CPU, for whoever installs from a registry alone:
//   node scripts/libtorch-package.mjs LIBTORCH-FOLDER [--licences FOLDER] [--out FOLDER]
// It holds the libraries that are needed to run, PyTorch's licence and those of what PyTorch is made of, and
// the version, and nothing for building. Prints the tarball's path.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readFolder } from "../dist/libtorch/folder.js";
import { libtorchPackage as name } from "../dist/libtorch/locate.js";
import { ask, Failure, root, runSteps } from "./steps.mjs";

// npm takes about 190 MB: a tarball travels in base64 inside a request of 256 MB.
const most = 190e6;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { licences: { type: "string" }, out: { type: "string", default: "build" } },
});
const source = resolve(positionals[0] ?? "");
const out = resolve(root, values.out);
const folder = join(out, "libtorch-package");
let version;
let tarball;

runSteps("libtorch-package", [
  ["folder", collect],
  ["tarball", pack],
]);
process.stdout.write(`${tarball}\n`);

function collect() {
  const facts = positionals.length === 1 ? readFolder(source) : "expected one folder";
  if (typeof facts === "string")
    throw new Failure(`expected a LibTorch, got ${source}: ${facts}`, 2);
  if (facts.cuda) {
    throw new Failure(
      `expected a LibTorch for the CPU, got ${source}: CUDA's libraries are NVIDIA's, and too large for npm`,
      2,
    );
  }
  const licences = resolve(values.licences ?? join(source, "licenses"));
  if (!existsSync(licences)) {
    throw new Failure(
      `expected licences in ${licences}; a PyTorch wheel has them ("ssd-distill libtorch install --file WHEEL"), --licences names another folder`,
      2,
    );
  }
  version = facts.version.split("+")[0];
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "lib"), { recursive: true });
  for (const file of readdirSync(join(source, "lib")).filter((file) =>
    /\.so(\.\d+)?$/.test(file),
  )) {
    cpSync(join(source, "lib", file), join(folder, "lib", file), { dereference: true });
  }
  cpSync(licences, join(folder, "licenses"), { recursive: true });
  writeFileSync(join(folder, "build-version"), `${facts.version}\n`);
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  writeFileSync(join(folder, "README.md"), readme());
  return `${name} ${version}`;
}

function manifest() {
  return {
    name,
    version,
    description: `PyTorch's LibTorch ${version} for the CPU, as ssd-distill loads it`,
    license: "BSD-3-Clause",
    os: [process.platform],
    cpu: [process.arch],
    libc: ["glibc"],
    // A library inside yarn's archive cannot be opened.
    preferUnplugged: true,
    files: ["lib", "licenses", "build-version"],
  };
}

function readme() {
  return `# ${name}\n\nThe libraries of PyTorch ${version} for the CPU, unchanged, without headers and Python.\n\`ssd-distill\` finds this package beside it. Licences are in \`licenses\`.\n`;
}

function pack() {
  const packed = ask("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", out], {
    cwd: folder,
  });
  if (!packed.ok) throw new Failure(`npm pack failed: ${packed.err.trim()}`);
  tarball = join(out, JSON.parse(packed.out)[0].filename.replace(/^@/, "").replace("/", "-"));
  const { size } = statSync(tarball);
  if (size > most)
    throw new Failure(`expected at most ${most} bytes for npm, got ${size} in ${tarball}`);
  return `${(size / 1e6).toFixed(1)} MB`;
}
