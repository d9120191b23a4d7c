import type { ProgramTable } from "../../process.ts";
import { curl } from "./curl/curl.ts";
import { gpg } from "./gpg.ts";
import { openssl } from "./openssl.ts";
import { dig, host, nc, nslookup, ping } from "./probes.ts";
import { wget } from "./wget/wget.ts";

/** Clients of the network and of its keys, by the name in their binary. */
export const networkPrograms: ProgramTable = { curl, wget, gpg, nc, ping, nslookup, dig, host, openssl };
