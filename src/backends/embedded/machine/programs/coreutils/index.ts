import type { ProgramTable } from "../../process.ts";
import { accountPrograms } from "./accounts.ts";
import { archivePrograms } from "./archive.ts";
import { awkPrograms } from "./awk.ts";
import { basicPrograms } from "./basic.ts";
import { calculatorPrograms } from "./bc.ts";
import { copyPrograms } from "./copy.ts";
import { cutPrograms } from "./cut.ts";
import { datePrograms } from "./date.ts";
import { diffPrograms } from "./diff.ts";
import { digestPrograms } from "./digest.ts";
import { dumpPrograms } from "./dump.ts";
import { findPrograms } from "./find.ts";
import { grepPrograms } from "./grep.ts";
import { inspectPrograms } from "./inspect.ts";
import { jqPrograms } from "./jq.ts";
import { listPrograms } from "./ls.ts";
import { managePrograms } from "./manage.ts";
import { sedPrograms } from "./sed.ts";
import { sortPrograms } from "./sort.ts";
import { statPrograms } from "./stat.ts";
import { testPrograms } from "./test.ts";
import { textPrograms } from "./text.ts";
import { zipPrograms } from "./zip.ts";

/** The everyday programs: GNU coreutils and findutils, grep, sed, awk, tar, gzip and their kin. */
export const coreutilsPrograms: ProgramTable = {
  ...accountPrograms,
  ...archivePrograms,
  ...awkPrograms,
  ...basicPrograms,
  ...calculatorPrograms,
  ...copyPrograms,
  ...cutPrograms,
  ...datePrograms,
  ...diffPrograms,
  ...digestPrograms,
  ...dumpPrograms,
  ...findPrograms,
  ...grepPrograms,
  ...inspectPrograms,
  ...jqPrograms,
  ...listPrograms,
  ...managePrograms,
  ...sedPrograms,
  ...sortPrograms,
  ...statPrograms,
  ...testPrograms,
  ...textPrograms,
  ...zipPrograms,
};
