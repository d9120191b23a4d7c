import { expect, test } from "vitest";
import { textsFor } from "../../../src/texts/texts.ts";
import { footerKeys } from "../../../src/ui/frame.tsx";

test.each(["en", "de"] as const)("on 60 columns the keys that help most are in sight (%s)", (language) => {
  const { ui } = textsFor(language);
  const seen = footerKeys(ui.courseKeys, 60, 2).join(" · ").split(" · ");
  const meant = new Map<string, string>(ui.courseKeys.map(([key = "", meaning = ""]) => [key, `${key} ${meaning}`]));
  for (const key of ["c", "n", "h", "s", "m", "?", "q"]) expect(seen).toContain(meant.get(key));
  for (const keys of [ui.listKeys, ui.helpKeys, ui.editorKeys]) {
    expect(footerKeys(keys, 60, 1)[0]?.split(" · ")).toHaveLength(keys.length);
  }
});
