import { beforeEach, expect, test, vi } from "vitest";
import { emptyDraft } from "../src/sections/send/draft.ts";
import { createDrafts, forgetDrafts } from "../src/sections/send/drafts.ts";

beforeEach(() => {
  sessionStorage.clear();
});

test("a draft is kept for its type and its owner", () => {
  const drafts = createDrafts("ana");
  drafts.keep({ ...emptyDraft("test"), message: "hola" });

  expect(drafts.read("test")?.message).toBe("hola");
  expect(drafts.last()).toBe("test");
  expect(drafts.read("tour_creado")).toBeNull();
  expect(createDrafts("luis").read("test")).toBeNull();
});

test("a draft of before that lacks a field gets it, and nonsense is none", () => {
  sessionStorage.setItem("sio-server:draft:ana:test", '{"message":"hola"}');
  sessionStorage.setItem("sio-server:draft:ana:otro", "{");

  expect(createDrafts("ana").read("test")).toEqual({ ...emptyDraft("test"), message: "hola" });
  expect(createDrafts("ana").read("otro")).toBeNull();
});

test("who signs out leaves no draft, and nothing else is lost", () => {
  createDrafts("ana").keep({ ...emptyDraft("test"), message: "hola" });
  createDrafts("luis").keep({ ...emptyDraft("tour_creado"), message: "adiós" });
  sessionStorage.setItem("other", "stays");

  forgetDrafts();

  expect(JSON.stringify(sessionStorage)).toBe('{"other":"stays"}');
});

test("a storage that refuses everything costs the draft alone", () => {
  const refuse = () => {
    throw new DOMException("", "SecurityError");
  };
  const drafts = createDrafts("ana", { getItem: refuse, setItem: refuse });

  drafts.keep(emptyDraft("test"));
  expect([drafts.read("test"), drafts.last()]).toEqual([null, null]);
});

test("a browser that does not even hand the storage out costs the draft alone", () => {
  const asked = vi.spyOn(globalThis, "sessionStorage", "get").mockImplementation(() => {
    throw new DOMException("", "SecurityError");
  });
  try {
    const drafts = createDrafts("ana");
    drafts.keep(emptyDraft("test"));
    forgetDrafts();
    expect([drafts.read("test"), drafts.last()]).toEqual([null, null]);
  } finally {
    asked.mockRestore();
  }
});
