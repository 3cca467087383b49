import { expect, test } from "vitest";
import {
  addressOf,
  boundsOf,
  codesOf,
  exampleOf,
  operationsOf,
  typeOf,
  type OpenApi,
} from "../src/sections/viewer/openapi.ts";

const DOCUMENT: OpenApi = {
  info: { version: "1" },
  paths: {
    "/v1/users/{id}/inbox": {
      get: {
        operationId: "userInbox",
        summary: "The inbox",
        tags: ["operate"],
        parameters: [
          { in: "path", name: "id", required: true, schema: { type: "string" } },
          { in: "query", name: "limit", schema: { type: "integer", minimum: 1, maximum: 100 } },
        ],
        responses: {
          "200": {
            description: "Done",
            content: { "application/json": { schema: { $ref: "#/components/schemas/Page" } } },
          },
        },
        security: [{ bearer: [] }],
      },
    },
    "/notify": {
      post: {
        requestBody: {
          required: true,
          content: { "application/json": { schema: { $ref: "#/components/schemas/Publish" } } },
        },
      },
    },
  },
  components: {
    schemas: {
      Page: {
        type: "object",
        properties: { items: { type: "array", items: { $ref: "#/components/schemas/Publish" } } },
      },
      Publish: {
        type: "object",
        required: ["type", "priority", "audience"],
        properties: {
          type: { type: "string" },
          priority: { type: ["string", "null"], enum: ["low", "high", null] },
          audience: { anyOf: [{ $ref: "#/components/schemas/Audience" }, { type: "null" }] },
          left: { type: "string" },
        },
      },
      Audience: {
        type: "object",
        required: ["roles"],
        properties: { roles: { type: "array", items: { type: "string" } } },
      },
      Loop: { type: "object", required: ["next"], properties: { next: { $ref: "#/components/schemas/Loop" } } },
    },
  },
};

const [inbox, notify] = operationsOf(DOCUMENT);

test("operations are read with what they take and what they answer", () => {
  expect(inbox).toMatchObject({ id: "userInbox", method: "GET", tag: "operate", isSecured: true, body: null });
  expect(inbox?.replies).toEqual([
    {
      status: "200",
      description: "Done",
      mediaType: "application/json",
      schema: { $ref: "#/components/schemas/Page" },
    },
  ]);
  expect(notify).toMatchObject({ id: "post-notify", method: "POST", isSecured: false });
});

test("a body without an example is given one of what has to be there", () => {
  expect(notify?.body?.example).toEqual({ type: "", priority: "low", audience: { roles: [""] } });
});

test("a schema that holds itself ends", () => {
  expect(JSON.stringify(exampleOf(DOCUMENT, { $ref: "#/components/schemas/Loop" })).length).toBeLessThan(200);
});

test.each([
  [{ type: "string", format: "uuid" }, "string · uuid"],
  [{ type: ["integer", "null"] }, "integer | null"],
  [{ anyOf: [{ $ref: "#/components/schemas/Audience" }, { type: "null" }] }, "Audience | null"],
  [{ type: "array", items: { $ref: "#/components/schemas/Publish" } }, "Publish[]"],
  [{ $ref: "#/components/schemas/Nobody" }, "Nobody"],
  [{}, "any"],
])("%j is told as %s", (schema, words) => {
  expect(typeOf(DOCUMENT, schema)).toBe(words);
});

test.each([
  [
    { type: "integer", minimum: 1, maximum: 100 },
    { kind: "value", least: 1, most: 100 },
  ],
  [{ type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, null],
  [
    { type: "string", minLength: 1, maxLength: 200 },
    { kind: "length", most: 200 },
  ],
  [
    { type: "array", minItems: 1, maxItems: 20 },
    { kind: "items", most: 20 },
  ],
  [{ type: "string" }, null],
])("of %j the bounds are %j", (schema, bounds) => {
  expect(boundsOf(schema)).toEqual(bounds);
});

test("values go into the address, and nothing of them is taken for a part of it", () => {
  if (inbox === undefined) throw new Error("no operation");
  expect(addressOf(inbox, { "path.id": "a/b?c", "query.limit": "5" })).toBe("/v1/users/a%2Fb%3Fc/inbox?limit=5");
  expect(addressOf(inbox, { "path.id": "42" })).toBe("/v1/users/42/inbox");
});

test("codes of errors are read one by one, also where a meaning holds a semicolon", () => {
  expect(codesOf("`a_b`: One; or so; `c`: Two: more")).toEqual([
    { code: "a_b", meaning: "One; or so" },
    { code: "c", meaning: "Two: more" },
  ]);
  expect(codesOf("Done")).toEqual([]);
});
