const LOCAL = /^(?:localhost|(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/iu;

/** Whether a name in an address means the machine that asks, whichever that is. */
export function isLocal(hostname: string): boolean {
  return LOCAL.test(hostname);
}

/** How to serve the local network: development mode is for this machine alone, so with secrets. */
export function lanCommand(port: string): string {
  const flag = port === "8080" || port === "" ? "" : ` --port ${port}`;
  return [
    "export SIO_SERVER_JWT_SECRET=$(openssl rand -hex 32)",
    "export SIO_SERVER_PUBLISH_KEYS=$(openssl rand -hex 32)",
    'echo "$SIO_SERVER_PUBLISH_KEYS"',
    `sio-server serve --host 0.0.0.0${flag}`,
  ].join("\n");
}
