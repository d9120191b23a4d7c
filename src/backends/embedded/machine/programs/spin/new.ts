import type { Process } from "../../process.ts";
import { parseArguments } from "./arguments.ts";
import { SpinFailure, UsageError } from "./failure.ts";

/** Crates that applications of a version are written with. */
const sdkOf = (version: string): string => (version.startsWith("2.") ? "2.1.0" : "5.0.0");

/** `spin new`: a new application. Simplified: one template, http-rust, which is always there; Spin downloads them. */
export async function newApplication(process: Process, args: readonly string[]): Promise<number> {
  const given = parseArguments("new", args, {
    values: {
      "-t": "template",
      "--template": "template",
      "-o": "output",
      "--output": "output",
      "-v": "value",
      "--value": "value",
    },
    switches: { "-a": "accept", "--accept-defaults": "accept", "--init": "init", "-h": "help", "--help": "help" },
  });
  const name = given.operands[0];
  const template = given.value("template");
  if (name === undefined || template === undefined) {
    throw new UsageError("error: the lab's Spin does not ask: spin new -t http-rust <NAME>\n");
  }
  if (template !== "http-rust") throw new SpinFailure(`Template ${template} not found`);
  if (!/^[A-Za-z][A-Za-z\d-]*$/.test(name)) {
    throw new SpinFailure(`Application name '${name}' is not valid: it may have letters, digits and hyphens`);
  }
  const folder = process.resolve(given.value("output") ?? name);
  const { files } = process;
  if (files.isDirectory(folder) && files.list(folder).length > 0) {
    throw new SpinFailure(
      `Directory '${name}' already contains other files, generate the app in a different directory`,
    );
  }
  const target = process.machine.environment.profile === "thesis" ? "wasm32-wasi" : "wasm32-wasip1";
  const crate = name.replaceAll("-", "_");
  files.makeDirectories(`${folder}/src`);
  files.write(`${folder}/.gitignore`, "target/\n.spin/\n");
  files.write(
    `${folder}/Cargo.toml`,
    `[package]\nname = "${name}"\nauthors = []\ndescription = ""\nversion = "0.1.0"\nedition = "2021"\n\n[lib]\ncrate-type = ["cdylib"]\n\n[dependencies]\nanyhow = "1"\nspin-sdk = "${sdkOf(process.executable.version)}"\n`,
  );
  files.write(
    `${folder}/spin.toml`,
    `spin_manifest_version = 2\n\n[application]\nname = "${name}"\nversion = "0.1.0"\nauthors = []\ndescription = ""\n\n[[trigger.http]]\nroute = "/..."\ncomponent = "${name.toLowerCase()}"\n\n[component.${name.toLowerCase()}]\nsource = "target/${target}/release/${crate}.wasm"\nallowed_outbound_hosts = []\n[component.${name.toLowerCase()}.build]\ncommand = "cargo build --target ${target} --release"\nwatch = ["src/**/*.rs", "Cargo.toml"]\n`,
  );
  files.write(
    `${folder}/src/lib.rs`,
    `use spin_sdk::http::{IntoResponse, Request, Response};\nuse spin_sdk::http_component;\n\n/// Answers one request.\n#[http_component]\nfn handle(request: Request) -> anyhow::Result<impl IntoResponse> {\n    println!("{} {}", request.method(), request.path());\n    Ok(Response::new(200, "Hello, Fermyon"))\n}\n`,
  );
  return 0;
}

/** `spin templates`. */
export async function templates(process: Process, args: readonly string[]): Promise<number> {
  const [command] = args;
  if (command === "list") {
    await process.out(
      "+--------------------------------------------+\n| Name        Description                    |\n+============================================+\n| http-rust   HTTP request handler using Rust |\n+--------------------------------------------+\n",
    );
    return 0;
  }
  throw new SpinFailure(`spin templates ${command ?? ""}: not part of the lab, which has one template, http-rust`);
}
