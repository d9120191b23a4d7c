#!/usr/bin/env node
// Written so that any Node can read it: an old one must get a clear line, not a syntax error.
"use strict";
var needed = [22, 18];
var parts = process.versions.node.split(".");
var major = Number(parts[0]);
var minor = Number(parts[1]);
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  var fs = require("fs");
  var path = require("path");
  var own = path.join(__dirname, "..", "node_modules", "node", "bin", "node");
  if (fs.existsSync(own)) {
    // In a checkout the development dependency brings a newer Node.
    var child = require("child_process").spawn(own, [__filename].concat(process.argv.slice(2)), { stdio: "inherit" });
    ["SIGINT", "SIGTERM", "SIGHUP"].forEach(function (name) {
      process.on(name, function () {
        if (name !== "SIGINT") child.kill(name);
      });
    });
    child.on("exit", function (code, signal) {
      process.exit(signal ? 130 : code);
    });
  } else {
    console.error(
      "wasm-k8s-lab needs Node " +
        needed.join(".") +
        " or newer, this is " +
        process.versions.node +
        ". Run: npx -p node@24 -p wasm-k8s-lab wasm-k8s-lab " +
        process.argv.slice(2).join(" "),
    );
    process.exit(4);
  }
} else {
  import("../dist/cli.js").catch(function (error) {
    console.error(error);
    process.exit(70);
  });
}
