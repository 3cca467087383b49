/** What is read of the server's OpenAPI document (3.1): as much as its own document makes use of. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  default?: unknown;
  example?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

export interface Parameter {
  in: string;
  name: string;
  description?: string;
  required?: boolean;
  schema?: Schema;
}

interface Media {
  schema?: Schema;
  example?: unknown;
}

interface RawOperation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses?: Record<string, { description: string; content?: Record<string, Media> }>;
  security?: object[];
}

export interface OpenApi {
  info: { version: string };
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, RawOperation>>;
  components?: { schemas?: Record<string, Schema> };
}

export interface Reply {
  status: string;
  description: string;
  mediaType: string | null;
  schema: Schema | null;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  tag: string;
  summary: string;
  description: string;
  parameters: Parameter[];
  body: { isRequired: boolean; schema: Schema; example: unknown } | null;
  replies: Reply[];
  isSecured: boolean;
}

const JSON_TYPE = "application/json";

/** The operations in the order of the document. */
export function operationsOf(document: OpenApi): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => {
      const media = raw.requestBody?.content[JSON_TYPE];
      const schema = media?.schema ?? {};
      return {
        id: raw.operationId ?? `${method}${path.replaceAll(/[^\w]+/g, "-")}`,
        method: method.toUpperCase(),
        path,
        tag: raw.tags?.[0] ?? "",
        summary: raw.summary ?? "",
        description: raw.description ?? "",
        parameters: raw.parameters ?? [],
        body:
          media === undefined
            ? null
            : {
                isRequired: raw.requestBody?.required ?? false,
                schema,
                example: media.example ?? exampleOf(document, schema),
              },
        replies: Object.entries(raw.responses ?? {}).map(([status, reply]) => {
          const [mediaType, content] = Object.entries(reply.content ?? {})[0] ?? [null, {}];
          return { status, description: reply.description, mediaType, schema: content.schema ?? null };
        }),
        isSecured: (raw.security ?? []).length > 0,
      };
    }),
  );
}

/** What a reference stands for, and its name. What refers to nothing is anything. */
export function resolved(document: OpenApi, schema: Schema): { schema: Schema; name: string | null } {
  if (schema.$ref === undefined) return { schema, name: null };
  const name = schema.$ref.split("/").at(-1) ?? "";
  return { schema: document.components?.schemas?.[name] ?? {}, name };
}

/** The alternatives of a schema without the null among them; and whether that is one. */
export function choices(schema: Schema): { schemas: Schema[]; isNullable: boolean } {
  const all = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (all === undefined) {
    return { schemas: [schema], isNullable: Array.isArray(schema.type) && schema.type.includes("null") };
  }
  const schemas = all.filter((one) => one.type !== "null");
  return { schemas, isNullable: schemas.length < all.length };
}

/** Its type in few words: `integer`, `string · uuid`, `Record[]`, `string | null`. */
export function typeOf(document: OpenApi, schema: Schema): string {
  const { schemas, isNullable } = choices(schema);
  const words = schemas.map((one) => {
    const { schema: real, name } = resolved(document, one);
    const types = (Array.isArray(real.type) ? real.type : [real.type ?? (real.properties ? "object" : "any")]).filter(
      (type) => type !== "null",
    );
    if (types.includes("array")) return `${typeOf(document, real.items ?? {})}[]`;
    if (name !== null) return name;
    return real.format === undefined ? types.join(" | ") : `${types.join(" | ")} · ${real.format}`;
  });
  return [...words, ...(isNullable ? ["null"] : [])].join(" | ");
}

/** Its bounds: `1 … 100`, `≤ 200 characters`. Empty where there are none worth the words. */
export function boundsOf(schema: Schema): { kind: "value" | "length" | "items"; least?: number; most?: number } | null {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  const pick = (kind: "value" | "length" | "items", least?: number, most?: number) => {
    const isHuge = most !== undefined && most >= Number.MAX_SAFE_INTEGER;
    return {
      kind,
      ...(least === undefined || least === 0 ? {} : { least }),
      ...(most === undefined || isHuge ? {} : { most }),
    };
  };
  const bounds =
    minimum !== undefined || maximum !== undefined
      ? pick("value", minimum, maximum)
      : maxLength !== undefined
        ? pick("length", minLength === 1 ? undefined : minLength, maxLength)
        : maxItems !== undefined
          ? pick("items", minItems === 1 ? undefined : minItems, maxItems)
          : null;
  return bounds === null || (bounds.least === undefined && bounds.most === undefined) ? null : bounds;
}

const DEEPEST = 5;

/** Something that the schema allows, for a body that the document gives no example of: what has to be there. */
export function exampleOf(document: OpenApi, schema: Schema, depth = 0): unknown {
  const { schema: real } = resolved(document, schema);
  if (real.example !== undefined) return real.example;
  const first = choices(real).schemas[0];
  if (first !== undefined && first !== real) return exampleOf(document, first, depth);
  if (real.enum !== undefined) return real.enum[0] ?? null;
  const type = Array.isArray(real.type) ? real.type.find((one) => one !== "null") : real.type;
  if (type === "array") return depth < DEEPEST && real.items ? [exampleOf(document, real.items, depth + 1)] : [];
  if (type === "integer" || type === "number") return real.minimum ?? 0;
  if (type === "boolean") return true;
  if (type === "string") return "";
  const wanted = depth < DEEPEST ? (real.required ?? []) : [];
  return Object.fromEntries(
    wanted.map((name) => [name, exampleOf(document, real.properties?.[name] ?? {}, depth + 1)]),
  );
}

/** The address of an operation with these values; a value that is empty is left out. */
export function addressOf(operation: Operation, values: Readonly<Record<string, string>>): string {
  let path = operation.path;
  const query = new URLSearchParams();
  for (const parameter of operation.parameters) {
    const value = values[`${parameter.in}.${parameter.name}`] ?? "";
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === "query" && value !== "") query.set(parameter.name, value);
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** The codes of errors that a reply's description lists: "`code`: what it means; …". */
export function codesOf(description: string): { code: string; meaning: string }[] {
  return [...description.matchAll(/`(\w+)`: (.*?)(?=; `\w+`: |$)/g)].map(([, code = "", meaning = ""]) => ({
    code,
    meaning,
  }));
}
