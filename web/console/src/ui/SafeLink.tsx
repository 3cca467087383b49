import { Anchor } from "@mantine/core";

/** Whether an address that somebody published may be followed: http, https or relative, so no `javascript:`. */
export function isSafeLink(link: string): boolean {
  try {
    const { protocol } = new URL(link, window.location.origin);
    return protocol === "http:" || protocol === "https:";
  } catch {
    return false;
  }
}

/** A link out of a payload, as text where it is none that may be followed. */
export function SafeLink({ link }: { link: string }) {
  if (!isSafeLink(link)) return <span className="wrap">{link}</span>;
  return (
    <Anchor href={link} target="_blank" rel="noopener noreferrer nofollow" className="wrap" size="sm">
      {link}
    </Anchor>
  );
}
