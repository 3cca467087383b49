/**
 * What a backend of yours does once it has stored something: it tells sio-server, and that tells whoever is to know. Here
 * the page itself does it, which a server in development mode allows.
 */
export const SERVER = (import.meta.env.VITE_SIO_SERVER as string | undefined) ?? "http://127.0.0.1:8080";

export async function publish(notification: {
  type: string;
  /** Without one, the catalogue's message stands by itself. */
  title?: string;
  data: Record<string, unknown>;
  message?: string;
  link?: string;
  actor?: { id: string; name: string };
}): Promise<void> {
  const response = await fetch(`${SERVER}/notify`, { method: "POST", body: JSON.stringify(notification) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

let last = 0;
export const reference = (): string => `R-${Date.now().toString(36).slice(-4).toUpperCase()}${++last}`;
