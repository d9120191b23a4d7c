// A person who set NO_COLOR (to anything) wants none; bold and inverse stay.
const allowed = (process.env["NO_COLOR"] ?? "") === "";

/** Properties that colour a text, or none. */
export const color = (name: string | undefined): { color?: string } =>
  allowed && name !== undefined ? { color: name } : {};
