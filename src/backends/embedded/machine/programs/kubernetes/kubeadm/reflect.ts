// The certificate library's container of services asks for the metadata API when it is loaded and keeps nothing in it
// that certificates need. Whoever already has the API keeps it.
if (!("getMetadata" in Reflect)) {
  Object.assign(Reflect, {
    getMetadata: () => undefined,
    getOwnMetadata: () => undefined,
    hasOwnMetadata: () => false,
    defineMetadata: () => undefined,
    metadata: () => () => undefined,
  });
}
