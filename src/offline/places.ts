import { LabError } from "../domain/errors.ts";

/** What stays as it is in a name; everything else is percent-encoded, so that every file system takes it. */
const plain = /[A-Za-z0-9._+~,=@-]/;

const encodeName = (name: string): string => {
  const encoded = [...Buffer.from(name, "utf8")]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return plain.test(character) ? character : percent(byte);
    })
    .join("");
  return /^\.+$/.test(encoded) ? encoded.replaceAll(".", "%2E") : encoded;
};

const percent = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;

/**
 * Where a download is kept below a bundle's folder, and asked for at its server: `host/path`, each name percent-encoded.
 * http and https are the same place. Throws LabError `bundle-address` for what is no address of a file.
 */
export function placeOf(address: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch (error) {
    throw wrongAddress(address, "is not an address", error);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw wrongAddress(address, "is neither http nor https");
  if (url.username !== "" || url.password !== "") throw wrongAddress(address, "holds a password");
  if (url.pathname.endsWith("/")) throw wrongAddress(address, "names a folder");
  const names = url.pathname.split("/").filter((name) => name !== "");
  try {
    return [url.host, ...withQuery(names.map(decodeURIComponent), url.search)].map(encodeName).join("/");
  } catch (error) {
    throw wrongAddress(address, "is not percent-encoded as it should be", error);
  }
}

const withQuery = (names: readonly string[], query: string): string[] =>
  names.map((name, index) => (index === names.length - 1 ? name + query : name));

/** The https address that a place stands for: the reverse of `placeOf`, but for queries and the scheme. */
export const addressOf = (place: string): string => {
  const [host = "", ...names] = place.split("/");
  return `https://${decodeURIComponent(host)}/${names.join("/")}`;
};

/** True for what `placeOf` makes: no absolute path, no `..`, nothing that only one file system takes. */
export function isPlace(path: string): boolean {
  try {
    return path.includes("/") && placeOf(addressOf(path)) === path;
  } catch {
    return false;
  }
}

/** The place that a request to a bundle's server asks for; undefined for what can be none. */
export function placeOfRequest(target: string): string | undefined {
  const [, host = "", rest = ""] = /^\/+([^/]+)\/(.*)$/.exec(target) ?? [];
  try {
    return placeOf(`http://${decodeURIComponent(host)}/${rest}`);
  } catch {
    return undefined;
  }
}

/** What stands in for an address on a server of bundles: `http://10.0.0.5:8080/host/path`. */
export function throughServer(server: string | undefined, address: string): string {
  if (server === undefined) return address;
  const { host, pathname, search } = new URL(address);
  return `${server.replace(/\/+$/, "")}/${host}${pathname}${search}`;
}

function wrongAddress(address: string, what: string, cause?: unknown): LabError {
  return new LabError("bundle-address", `${address}: ${what}`, {
    remedy: "Mend the address in vm-images/catalog.yaml.",
    ...(cause === undefined ? {} : { cause }),
  });
}
