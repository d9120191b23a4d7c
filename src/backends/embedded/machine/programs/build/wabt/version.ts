/** wabt's own version in that of its Debian package, such as 1.0.34 in `1.0.34+dfsg2+~cs1.0.32-1`. */
export const wabtVersion = (version: string): string => /^[\d.]+/.exec(version)?.[0] ?? version;
