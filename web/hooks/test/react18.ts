// CommonJS packages of the tests (react-dom, the testing library) get the React 18 that modules get through the alias.
import { createRequire } from "node:module";
import Module from "node:module";

const require18 = createRequire(String(process.env.REACT_18));
const internals = Module as unknown as { _resolveFilename: (name: string, ...rest: unknown[]) => string };
const resolve = internals._resolveFilename;
internals._resolveFilename = (name, ...rest) =>
  /^(react|react-dom)(\/|$)/.test(name) ? require18.resolve(name) : resolve.call(Module, name, ...rest);
