import { decodeText, quote, quoteName } from "./support/text.ts";
import { FileError } from "../../files/errors.ts";
import type { ProgramTable } from "../../process.ts";
import { formatTime, zoneOf } from "../../strftime.ts";
import { parseDate } from "./support/parse-date.ts";
import { tool } from "./support/tool.ts";

const isoFormats: Record<string, string> = {
  date: "%Y-%m-%d",
  hours: "%Y-%m-%dT%H%:z",
  minutes: "%Y-%m-%dT%H:%M%:z",
  seconds: "%Y-%m-%dT%H:%M:%S%:z",
  ns: "%Y-%m-%dT%H:%M:%S,%N%:z",
};

const rfcFormats: Record<string, string> = {
  date: "%Y-%m-%d",
  seconds: "%Y-%m-%d %H:%M:%S%:z",
  ns: "%Y-%m-%d %H:%M:%S.%N%:z",
};

const date = tool(
  {
    usage: "[OPTION]... [+FORMAT]",
    about: "Prints the time.",
    options: "d,date= debug f,file= I,iso-8601=? R,rfc-email rfc-3339= r,reference= s,set= u,utc universal",
  },
  async (run, options) => {
    const zone = options.has("utc", "universal") ? "UTC" : zoneOf(run.process);
    const now = run.process.machine.environment.clock.now();
    let format = "%a %b %e %H:%M:%S %Z %Y";
    const chosen = options.given.findLast((option) => ["iso-8601", "rfc-email", "rfc-3339"].includes(option.name));
    if (chosen?.name === "rfc-email") format = "%a, %d %b %Y %H:%M:%S %z";
    else if (chosen) {
      const word = chosen.value ?? "date";
      const table = chosen.name === "iso-8601" ? isoFormats : rfcFormats;
      const matches = Object.keys(table).filter((key) => key.startsWith(word));
      const [only] = matches;
      if (only === undefined) return run.misuse(`invalid argument ${quote(word)} for ${quote(`--${chosen.name}`)}`);
      format = table[only] ?? format;
    }
    const [operand, extra] = options.operands;
    if (extra !== undefined) return run.misuse(`extra operand ${quote(extra)}`);
    if (operand?.startsWith("+")) format = operand.slice(1);
    else if (operand !== undefined) {
      if (!/^\d{8}(\d{2}|\d{4})?(\.\d{2})?$/.test(operand)) return run.die(`invalid date ${quote(operand)}`);
      await run.fail("cannot set date: Operation not permitted");
      return;
    }
    const show = (moment: number): void => run.print(`${formatTime(format, moment, zone)}\n`);
    const list = options.value("file");
    if (list !== undefined) {
      for (const line of decodeText(await run.slurp(list)).split("\n")) {
        if (line === "") continue;
        const moment = parseDate(line, now, zone);
        if (moment === undefined) await run.fail(`invalid date ${quote(line)}`);
        else show(moment);
      }
      return;
    }
    const reference = options.value("reference");
    const text = options.value("date");
    let moment = now;
    if (reference !== undefined) {
      try {
        moment = run.stat(reference).mtime;
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        return run.die(`${quoteName(reference).replaceAll("'", "")}: ${error.message}`);
      }
    } else if (text !== undefined) {
      const parsed = parseDate(text, now, zone);
      if (parsed === undefined) return run.die(`invalid date ${quote(text)}`);
      moment = parsed;
    }
    show(moment);
    // Simplified: the lab's time cannot be set; a real machine's can, as root.
    if (options.has("set")) await run.fail("cannot set date: Operation not permitted");
  },
);

export const datePrograms: ProgramTable = { date };
