/**
 * Where this page and all that belongs to it is, without a slash at the end. A proxy may serve all of it below a path, of
 * which the server hears nothing; the page's own address is behind the `#`, so its path says it.
 */
export function here(): string {
  return new URL(".", window.location.href).href.replace(/\/$/, "");
}
