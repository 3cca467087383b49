/**
 * The link of a notification if a click may go there: `http`, `https` or relative. Whoever publishes chooses it, and a
 * `javascript:` link would run in the reader's page.
 */
export function safeLink(link: string | null | undefined): string | undefined {
  if (!link) return undefined;
  try {
    const { protocol } = new URL(link, "https://relative.invalid");
    return protocol === "https:" || protocol === "http:" ? link : undefined;
  } catch {
    return undefined;
  }
}
