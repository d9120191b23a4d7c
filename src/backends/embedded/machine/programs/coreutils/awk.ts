import { FileError } from "../../files/errors.ts";
import type { Program, ProgramTable } from "../../process.ts";
import { AwkParser, AwkSyntaxError } from "./awk-parse.ts";
import type { AwkProgram } from "./awk-parse.ts";
import { AwkRun } from "./awk-run.ts";
import { RegexError } from "./support/regex.ts";
import { decodeText, textToBinary } from "./support/text.ts";
import { tool } from "./support/tool.ts";

const table = "F,field-separator= v,assign= f,file= W= e,source= b E,exec= posix re-interval";

const makeAwk = (bytes: boolean): Program =>
  tool(
    {
      usage: "[Options] [Program] [file ...]",
      about: "Scans patterns and processes text.",
      options: table,
      permute: false,
      bytes,
      usageStatus: 2,
      suite: bytes ? "mawk" : "GNU Awk",
    },
    async (run, options) => {
      const operands = [...options.operands];
      const sources: string[] = [];
      for (const { name, value = "" } of options.given) {
        if (name === "W" && value === "version") return run.print(`mawk ${run.process.executable.version}\n`);
        if (name === "source") sources.push(value);
        if (name !== "file" && name !== "exec") continue;
        try {
          sources.push(decodeText(await run.slurp(value)));
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          return run.die(`couldn't open file ${value}`, 2);
        }
      }
      if (sources.length === 0) {
        const source = operands.shift();
        if (source === undefined) {
          await run.process.err(`Usage: ${run.name} [Options] [Program] [file ...]\n`);
          return run.exit(bytes ? 0 : 2);
        }
        sources.push(source);
      }
      const text = sources.join("\n");
      let program: AwkProgram;
      try {
        program = new AwkParser(bytes ? textToBinary(text) : text).parse();
      } catch (error) {
        if (!(error instanceof AwkSyntaxError)) throw error;
        return run.die(
          bytes ? `line ${error.line}: ${error.message}` : `cmd. line:${error.line}: ${error.message}`,
          bytes ? 2 : 1,
        );
      }
      try {
        const awk = new AwkRun(run, program, bytes);
        for (const { name, value = "" } of options.given) {
          if (name === "field-separator") awk.assign("FS", value === "t" ? "\t" : value);
          if (name !== "assign") continue;
          const match = /^([A-Za-z_]\w*)=([^]*)$/.exec(value);
          if (!match) return run.die(`improper assignment: -v ${value}`, 2);
          awk.assign(match[1] ?? "", match[2] ?? "");
        }
        await awk.execute([run.process.argv[0] ?? "awk", ...operands]);
      } catch (error) {
        if (error instanceof RegexError) return run.die(`regular expression compile failed (${error.message})`, 2);
        throw error;
      }
    },
  );

const byteAwk = makeAwk(true);

export const awkPrograms: ProgramTable = { awk: byteAwk, mawk: byteAwk, gawk: makeAwk(false) };
