import { describe, expect, it } from "vitest";
import type { TFunction } from "i18next";
import { publisherName } from "../src/ui/publisherName.ts";

const t = ((key: string, values?: { name: string }) => `${key}|${values?.name ?? ""}`) as unknown as TFunction;

describe("who published a notification", () => {
  it.each([
    ["key:reservas", "common.publishers.key|reservas"],
    ["key-1a2b3c4d", "common.publishers.settings|key-1a2b3c4d"],
    ["admin:eva:1", "common.publishers.admin|eva:1"],
    ["development", "common.publishers.development|"],
    ["something else", "something else"],
  ])("%s", (publisher, said) => {
    expect(publisherName(t, publisher)).toBe(said);
  });
});
