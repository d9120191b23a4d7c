# The component was built before; the image holds it and the manifest that names it.
FROM scratch
COPY spin_http_server.wasm /spin_http_server.wasm
COPY spin.toml /spin.toml
ENTRYPOINT ["/"]
