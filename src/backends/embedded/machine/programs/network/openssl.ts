import { createHash, createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { FileError } from "../../files/errors.ts";
import { decode, encode, readAll } from "../../io.ts";
import type { Process, Program } from "../../process.ts";

/** openssl's commands that look at certificates, keys and digests. */
export const openssl: Program = async (process) => {
  const [name = "", ...args] = process.argv.slice(1);
  const command = commands[name];
  try {
    if (command) return await command(process, args);
  } catch (error) {
    if (!(error instanceof OpenSslError)) throw error;
    await process.err(`${error.message}\n`);
    return 1;
  }
  await process.err(`Invalid command '${name}'; type "help" for a list.\n`);
  return 1;
};

class OpenSslError extends Error {
  override readonly name = "OpenSslError";
}

type Command = (process: Process, args: readonly string[]) => Promise<number>;

/** The value after an option such as `-in`. */
const valueOf = (args: readonly string[], option: string): string | undefined => {
  const at = args.indexOf(option);
  return at < 0 ? undefined : args[at + 1];
};

async function input(process: Process, args: readonly string[], what: string): Promise<Uint8Array> {
  const name = valueOf(args, "-in");
  if (name === undefined) return readAll(process.stdin);
  try {
    return process.files.readBytes(process.resolve(name));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const missing = error.code === "ENOENT" ? "No such file or directory" : error.message;
    throw new OpenSslError(`Can't open ${name} for reading, ${missing}\nunable to load ${what}`);
  }
}

async function output(process: Process, args: readonly string[], bytes: Uint8Array): Promise<void> {
  const name = valueOf(args, "-out");
  if (name === undefined) await process.stdout.write(bytes);
  else process.files.write(process.resolve(name), bytes, { mode: 0o666 & ~process.umask });
}

const x509: Command = async (process, args) => {
  const bytes = await input(process, args, "certificate");
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(bytes);
  } catch {
    throw new OpenSslError(
      "unable to load certificate\nerror:0909006C:PEM routines:get_name:no start line:crypto/pem/pem_lib.c:745:Expecting: TRUSTED CERTIFICATE",
    );
  }
  const lines: string[] = [];
  for (const arg of args) {
    if (arg === "-subject") lines.push(`subject=${oneLine(certificate.subject)}`);
    if (arg === "-issuer") lines.push(`issuer=${oneLine(certificate.issuer)}`);
    if (arg === "-startdate" || arg === "-dates") lines.push(`notBefore=${certificate.validFrom}`);
    if (arg === "-enddate" || arg === "-dates") lines.push(`notAfter=${certificate.validTo}`);
    if (arg === "-serial") lines.push(`serial=${certificate.serialNumber}`);
    if (arg === "-fingerprint")
      lines.push(
        args.includes("-sha256")
          ? `SHA256 Fingerprint=${certificate.fingerprint256}`
          : `SHA1 Fingerprint=${certificate.fingerprint}`,
      );
    if (arg === "-pubkey")
      lines.push(certificate.publicKey.export({ type: "spki", format: "pem" }).toString().trimEnd());
    if (arg === "-text") lines.push(certificateText(certificate));
    if (arg === "-ext" && certificate.subjectAltName)
      lines.push(`X509v3 Subject Alternative Name: \n    ${certificate.subjectAltName}`);
    if (arg === "-hash") lines.push(createHash("sha1").update(certificate.subject).digest("hex").slice(0, 8));
  }
  const end = valueOf(args, "-checkend");
  let status = 0;
  if (end !== undefined) {
    const expires = Date.parse(certificate.validTo) < process.machine.environment.clock.now() + Number(end) * 1000;
    lines.push(expires ? "Certificate will expire" : "Certificate will not expire");
    status = expires ? 1 : 0;
  }
  if (lines.length > 0) await process.out(`${lines.join("\n")}\n`);
  if (!args.includes("-noout")) {
    const der = valueOf(args, "-outform")?.toLowerCase() === "der";
    await output(process, args, der ? new Uint8Array(certificate.raw) : encode(certificate.toString()));
  }
  return status;
};

/** `CN = kubernetes, O = x`, from one attribute a line. */
const oneLine = (name: string): string =>
  name
    .split("\n")
    .map((part) => part.replace("=", " = "))
    .join(", ");

function certificateText(certificate: X509Certificate): string {
  const { publicKey } = certificate;
  const details = publicKey.asymmetricKeyDetails;
  const key =
    publicKey.asymmetricKeyType === "rsa"
      ? `            Public Key Algorithm: rsaEncryption\n                RSA Public-Key: (${details?.modulusLength ?? 2048} bit)`
      : `            Public Key Algorithm: id-ecPublicKey\n                Public-Key: (256 bit)\n                ASN1 OID: ${details?.namedCurve ?? "prime256v1"}`;
  const signature = publicKey.asymmetricKeyType === "rsa" ? "sha256WithRSAEncryption" : "ecdsa-with-SHA256";
  const names = certificate.subjectAltName
    ? `            X509v3 Subject Alternative Name: \n                ${certificate.subjectAltName}\n`
    : "";
  return `Certificate:
    Data:
        Version: 3 (0x2)
        Serial Number:
            ${certificate.serialNumber.toLowerCase().replace(/(..)(?=.)/g, "$1:")}
        Signature Algorithm: ${signature}
        Issuer: ${oneLine(certificate.issuer)}
        Validity
            Not Before: ${certificate.validFrom}
            Not After : ${certificate.validTo}
        Subject: ${oneLine(certificate.subject)}
        Subject Public Key Info:
${key}
        X509v3 extensions:
            X509v3 Basic Constraints: critical
                CA:${certificate.ca ? "TRUE" : "FALSE"}
${names}`.trimEnd();
}

/** `rsa`, `ec` and `pkey`: reads a key, writes it or its public half. */
const keyCommand =
  (kind: string): Command =>
  async (process, args) => {
    const bytes = await input(process, args, args.includes("-pubin") ? "Public Key" : "Private Key");
    const isPublic = args.includes("-pubin");
    let key: KeyObject;
    try {
      key = isPublic ? createPublicKey(publicBlock(bytes, args)) : createPrivateKey(Buffer.from(bytes));
    } catch {
      throw new OpenSslError(`unable to load ${isPublic ? "Public" : "Private"} Key`);
    }
    // Simplified: the real rsa refuses other keys; here it takes a public one, because the modelled kubeadm's authorities
    // have elliptic keys and kubeadm's documentation hashes them with it.
    const accepted = kind === "pkey" || key.asymmetricKeyType === kind || (kind === "rsa" && isPublic);
    if (!accepted) {
      const wanted = kind === "rsa" ? "an rsa" : "a ec";
      throw new OpenSslError(
        `unable to load ${isPublic ? "Public" : "Private"} Key\nerror:0607907F:digital envelope routines:EVP_PKEY_get0_RSA:expecting ${wanted} key`,
      );
    }
    if (kind !== "pkey") await process.err(`${kind === "rsa" ? "writing RSA key" : "read EC key\nwriting EC key"}\n`);
    if (args.includes("-noout")) return 0;
    const der = valueOf(args, "-outform")?.toLowerCase() === "der";
    const half = isPublic || args.includes("-pubout") ? (isPublic ? key : createPublicKey(key)) : undefined;
    const exported = half
      ? der
        ? half.export({ type: "spki", format: "der" })
        : half.export({ type: "spki", format: "pem" })
      : der
        ? key.export({ type: "pkcs8", format: "der" })
        : key.export({ type: "pkcs8", format: "pem" });
    await output(process, args, typeof exported === "string" ? encode(exported) : new Uint8Array(exported));
    return 0;
  };

/** The public key among other blocks, as `x509 -pubkey` writes it before the certificate. */
function publicBlock(bytes: Uint8Array, args: readonly string[]): Parameters<typeof createPublicKey>[0] {
  if (valueOf(args, "-inform")?.toLowerCase() === "der")
    return { key: Buffer.from(bytes), format: "der", type: "spki" };
  return /-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----/.exec(decode(bytes))?.[0] ?? "";
}

const digests: Readonly<Record<string, string>> = {
  "-md5": "MD5",
  "-sha1": "SHA1",
  "-sha224": "SHA224",
  "-sha256": "SHA256",
  "-sha384": "SHA384",
  "-sha512": "SHA512",
};

const dgst: Command = async (process, args) => {
  const option = args.find((arg) => digests[arg] !== undefined) ?? "-sha256";
  const names = args.filter((arg, index) => !arg.startsWith("-") && args[index - 1] !== "-out");
  const reads = names.length > 0 ? names : [undefined];
  for (const name of reads) {
    const bytes = name === undefined ? await readAll(process.stdin) : await input(process, ["-in", name], "file");
    const hash = createHash(option.slice(1)).update(bytes);
    if (args.includes("-binary")) {
      await output(process, args, new Uint8Array(hash.digest()));
      continue;
    }
    const hex = hash.digest("hex");
    const label = name === undefined ? "(stdin)=" : `${digests[option]}(${name})=`;
    await output(process, args, encode(args.includes("-r") ? `${hex} *${name ?? "stdin"}\n` : `${label} ${hex}\n`));
  }
  return 0;
};

const commands: Readonly<Record<string, Command>> = {
  x509,
  rsa: keyCommand("rsa"),
  ec: keyCommand("ec"),
  pkey: keyCommand("pkey"),
  dgst,
  sha256: (process, args) => dgst(process, ["-sha256", ...args]),
  rand: async (process, args) => {
    const count = Number(args.find((arg) => /^\d+$/.test(arg)) ?? "0");
    const bytes = process.machine.environment.random.bytes(count);
    if (args.includes("-hex")) await process.out(`${Buffer.from(bytes).toString("hex")}\n`);
    else if (args.includes("-base64")) await process.out(`${Buffer.from(bytes).toString("base64")}\n`);
    else await process.stdout.write(bytes);
    return 0;
  },
  version: async (process) => {
    await process.out(`OpenSSL ${process.executable.version}\n`);
    return 0;
  },
};
