// CommonJS packages of the tests (react-dom, the testing library) get the React 18 that modules get through the alias.
import Module from "node:module";
import { join } from "node:path";

const internals = Module as unknown as { _resolveFilename: (name: string, ...rest: unknown[]) => string };
const original = internals._resolveFilename;
internals._resolveFilename = (name, ...rest) => {
  const place = /^(react|react-dom)(\/|$)/.test(name) ? join(String(process.env.REACT_18), name) : name;
  return original.call(Module, place, ...rest);
};
