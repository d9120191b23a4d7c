import { concat, decode } from "../../machine/io.ts";
import { isUnsafeKey, type JsonObject } from "../json.ts";
import { messages, rootMessages } from "./protobuf-messages.ts";

/** The four bytes before every object in Kubernetes' protobuf encoding. */
export const protobufMagic: readonly number[] = [0x6b, 0x38, 0x73, 0x00];

interface Field {
  number: number;
  /** Of wire type 0, 1, 5. */
  value: bigint;
  /** Of wire type 2. */
  bytes: Uint8Array;
}

class Truncated extends Error {}

function* fieldsIn(bytes: Uint8Array): Generator<Field> {
  let offset = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[offset];
      if (byte === undefined) throw new Truncated();
      offset += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new Truncated();
  };
  while (offset < bytes.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    const none = new Uint8Array();
    switch (tag & 7) {
      case 0:
        yield { number, value: varint(), bytes: none };
        break;
      case 1:
        offset += 8;
        yield { number, value: 0n, bytes: none };
        break;
      case 2: {
        const length = Number(varint());
        if (length < 0 || offset + length > bytes.length) throw new Truncated();
        yield { number, value: 0n, bytes: bytes.subarray(offset, offset + length) };
        offset += length;
        break;
      }
      case 5:
        offset += 4;
        yield { number, value: 0n, bytes: none };
        break;
      default:
        throw new Truncated();
    }
  }
}

/** An object sent as protobuf; undefined when its kind is not in the table or the bytes do not make sense. */
export function decodeProtobuf(body: Uint8Array, expectedKind: string): JsonObject | undefined {
  try {
    let apiVersion = "";
    let kind = "";
    let raw = new Uint8Array();
    for (const field of fieldsIn(body.subarray(protobufMagic.length))) {
      if (field.number === 1) {
        for (const part of fieldsIn(field.bytes)) {
          if (part.number === 1) apiVersion = decode(part.bytes);
          if (part.number === 2) kind = decode(part.bytes);
        }
      } else if (field.number === 2) raw = new Uint8Array(concat([field.bytes]));
    }
    const message = rootMessages[kind || expectedKind];
    if (message === undefined) return undefined;
    return { apiVersion, kind: kind || expectedKind, ...decodeMessage(raw, message) };
  } catch (error) {
    if (error instanceof Truncated) return undefined;
    throw error;
  }
}

function decodeMessage(bytes: Uint8Array, name: string): JsonObject {
  const known = messages[name] ?? {};
  const result: JsonObject = {};
  for (const field of fieldsIn(bytes)) {
    const entry = known[field.number];
    if (entry === undefined) continue;
    const [jsonName = "", type = ""] = entry.split(":");
    if (jsonName === "" && type !== "") Object.assign(result, decodeMessage(field.bytes, type));
    else if (type.startsWith("[]")) {
      const list = result[jsonName];
      const value = decodeValue(field, type.slice(2));
      if (Array.isArray(list)) list.push(value);
      else result[jsonName] = [value];
    } else if (type.startsWith("{}")) addPair(result, jsonName, field, type.slice(2));
    else {
      const value = decodeValue(field, type);
      // Empty strings and zeros of fields that are always sent mean that the field is not set.
      if (value !== "" && !(type === "i0" && value === 0)) result[jsonName] = value;
    }
  }
  return result;
}

function addPair(result: JsonObject, name: string, field: Field, type: string): void {
  let key = "";
  let value: unknown = type === "s" || type === "y" ? "" : {};
  for (const part of fieldsIn(field.bytes)) {
    if (part.number === 1) key = decode(part.bytes);
    if (part.number === 2) value = decodeValue(part, type);
  }
  const known = result[name];
  const map: JsonObject = typeof known === "object" && known !== null && !Array.isArray(known) ? { ...known } : {};
  if (!isUnsafeKey(key)) map[key] = value;
  result[name] = map;
}

function decodeValue(field: Field, type: string): unknown {
  switch (type) {
    case "s":
      return decode(field.bytes);
    case "y":
      return Buffer.from(field.bytes).toString("base64");
    case "b":
      return field.value !== 0n;
    case "i":
    case "i0":
      return Number(field.value);
    case "t": {
      let seconds = 0;
      for (const part of fieldsIn(field.bytes)) if (part.number === 1) seconds = Number(part.value);
      return seconds === 0 ? "" : `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
    }
    case "q": {
      for (const part of fieldsIn(field.bytes)) if (part.number === 1) return decode(part.bytes);
      return "";
    }
    case "x":
      return intOrString(field.bytes);
    default:
      return decodeMessage(field.bytes, type);
  }
}

function intOrString(bytes: Uint8Array): unknown {
  let kind = 0;
  let number = 0;
  let text = "";
  for (const part of fieldsIn(bytes)) {
    if (part.number === 1) kind = Number(part.value);
    else if (part.number === 2) number = Number(part.value);
    else if (part.number === 3) text = decode(part.bytes);
  }
  return kind === 0 ? number : text;
}
