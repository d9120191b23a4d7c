import type { Program, ProgramTable } from "../../process.ts";
import { aclocal, autoconf, autoheader, automake, autoreconf, libtool, libtoolize, m4 } from "./c/autotools.ts";
import { gcc, goMd2man, pkgConfig } from "./c/compilers.ts";
import { crunConfigure, crunConfigureProgram } from "./c/crun.ts";
import { ldconfig } from "./c/ldconfig.ts";
import { make } from "./c/make.ts";
import { explorer } from "./explorer.ts";
import { git } from "./git.ts";
import { cargo } from "./rust/cargo.ts";
import { rustc } from "./rust/rustc.ts";
import { rustup, rustupInit } from "./rust/rustup.ts";
import { wabtPrograms } from "./wabt/index.ts";
import { wasmedge, wasmedgec } from "./wasmedge.ts";
import { wasmtime } from "./wasmtime.ts";

/** A part of the toolchain that the course never uses. */
const notModelled: Program = async (process) => {
  await process.err(`${process.argv[0] ?? ""}: not part of the lab\n`);
  return 1;
};

/** Compilers and build tools, by the name in their binary. */
export const buildPrograms: ProgramTable = {
  "rustup-init": rustupInit,
  rustup,
  rustc,
  cargo,
  rustdoc: notModelled,
  rustfmt: notModelled,
  "cargo-fmt": notModelled,
  "cargo-clippy": notModelled,
  wasmedge,
  wasmedgec,
  wasmtime,
  explorer,
  ...wabtPrograms,
  git,
  make,
  gcc,
  cc: gcc,
  "g++": gcc,
  "c++": gcc,
  "pkg-config": pkgConfig,
  pkgconf: pkgConfig,
  autoreconf,
  autoconf,
  autoheader,
  automake,
  aclocal,
  libtoolize,
  libtool,
  m4,
  "go-md2man": goMd2man,
  ldconfig,
  [crunConfigureProgram]: crunConfigure,
};
