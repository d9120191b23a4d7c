import { list, option, tuple, variant } from "./canonical.ts";

// The types of wasi:http; the two shapes differ in their errors.

export const methods = ["get", "head", "post", "put", "delete", "connect", "options", "trace", "patch"];
export const method = variant(...methods.map((name): [string] => [name]), ["other", "string"]);
export const scheme = variant(["HTTP"], ["HTTPS"], ["other", "string"]);
export const value = list("u8");
export const entries = list(tuple("string", value));
export const headerError = variant(["invalid-syntax"], ["forbidden"], ["immutable"]);
const dnsError = tuple(option("string"), option("u16"));
const alert = tuple(option("u8"), option("string"));
const fieldSize = tuple(option("string"), option("u32"));

export const oldError = variant(
  ["invalid-url", "string"],
  ["timeout-error", "string"],
  ["protocol-error", "string"],
  ["unexpected-error", "string"],
);

export const errorCode = variant(
  ["DNS-timeout"],
  ["DNS-error", dnsError],
  ["destination-not-found"],
  ["destination-unavailable"],
  ["destination-IP-prohibited"],
  ["destination-IP-unroutable"],
  ["connection-refused"],
  ["connection-terminated"],
  ["connection-timeout"],
  ["connection-read-timeout"],
  ["connection-write-timeout"],
  ["connection-limit-reached"],
  ["TLS-protocol-error"],
  ["TLS-certificate-error"],
  ["TLS-alert-received", alert],
  ["HTTP-request-denied"],
  ["HTTP-request-length-required"],
  ["HTTP-request-body-size", option("u64")],
  ["HTTP-request-method-invalid"],
  ["HTTP-request-URI-invalid"],
  ["HTTP-request-URI-too-long"],
  ["HTTP-request-header-section-size", option("u32")],
  ["HTTP-request-header-size", option(fieldSize)],
  ["HTTP-request-trailer-section-size", option("u32")],
  ["HTTP-request-trailer-size", fieldSize],
  ["HTTP-response-incomplete"],
  ["HTTP-response-header-section-size", option("u32")],
  ["HTTP-response-header-size", fieldSize],
  ["HTTP-response-body-size", option("u64")],
  ["HTTP-response-trailer-section-size", option("u32")],
  ["HTTP-response-trailer-size", fieldSize],
  ["HTTP-response-transfer-coding", option("string")],
  ["HTTP-response-content-coding", option("string")],
  ["HTTP-response-timeout"],
  ["HTTP-upgrade-failed"],
  ["HTTP-protocol-error"],
  ["loop-detected"],
  ["configuration-error"],
  ["internal-error", option("string")],
);
