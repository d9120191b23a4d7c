import { executableBytes } from "../../../machine/executable.ts";
import { rustReleases, rustupOn } from "../../../machine/programs/build/rust/releases.ts";
import { answer, file, headOf, notFound } from "../http.ts";
import type { InternetHost } from "../internet.ts";
import type { HttpResponse } from "../../network.ts";

/** Hosts of the Rust project as of `date`: the installer, the toolchains and the crate index. */
export function rustHosts(date: string): InternetHost[] {
  const versions = Object.entries(rustReleases)
    .filter(([, release]) => release.day <= date)
    .map(([version]) => version);
  const page =
    (contents: (target: string) => HttpResponse): InternetHost["handle"] =>
    ({ target, method }) => {
      const response = contents(target.replace(/\?.*/, ""));
      return Promise.resolve(method === "HEAD" ? headOf(response) : response);
    };
  return [
    { names: ["sh.rustup.rs"], handle: page(() => file(installer, "text/plain; charset=utf-8")) },
    {
      names: ["static.rust-lang.org"],
      handle: page((target) => {
        if (target === "/rustup/rustup-init.sh") return file(installer, "text/plain; charset=utf-8");
        if (/^\/rustup\/(dist|archive\/[\d.]+)\/x86_64-unknown-linux-gnu\/rustup-init$/.test(target)) {
          return file(executableBytes({ program: "rustup-init", version: rustupOn(date) }));
        }
        const channel = /^\/dist\/channel-rust-([\w.]+)\.toml(?:\.sha256)?$/.exec(target)?.[1];
        if (channel !== undefined && versions.includes(channel))
          return file(`pkg.rust.version = "${channel}"\n`, "text/plain");
        return notFound();
      }),
    },
    {
      names: ["index.crates.io"],
      handle: page((target) =>
        target === "/config.json"
          ? answer(200, '{"dl":"https://static.crates.io/crates","api":"https://crates.io"}', {
              "content-type": "application/json",
            })
          : notFound(),
      ),
    },
  ];
}

const installer = `#!/bin/sh
# Downloads rustup's installer for this computer and runs it with the same arguments.
set -u

fail() {
    echo "rustup: $1" >&2
    exit 1
}

case "$(uname -s)-$(uname -m)" in
Linux-x86_64) host="x86_64-unknown-linux-gnu" ;;
*) fail "there is no installer for $(uname -s) on $(uname -m)" ;;
esac

folder="$(mktemp -d)" || fail "no temporary folder"
file="$folder/rustup-init"
address="\${RUSTUP_UPDATE_ROOT:-https://static.rust-lang.org/rustup}/dist/$host/rustup-init"

echo "info: downloading installer" >&2
if command -v curl >/dev/null 2>&1; then
    curl --proto '=https' --tlsv1.2 -sSfL "$address" -o "$file" || fail "could not download $address"
elif command -v wget >/dev/null 2>&1; then
    wget -q "$address" -O "$file" || fail "could not download $address"
else
    fail "need 'curl or wget' (command not found)"
fi
chmod u+x "$file"
"$file" "$@"
status=$?
rm -rf "$folder"
exit $status
`;
