"use client";

import { type ReactNode, useState } from "react";
import { useSlots } from "./slots.ts";

/** The address of a picture, if it is one that a page may load without mixing contents. */
export const isPicture = (address: string | undefined): address is string => /^https:\/\//i.test(address ?? "");

/** The picture of a notification, which its text tells of; one that does not load leaves no gap. */
export function Picture({
  address,
  slot: name,
}: {
  address: string | undefined;
  slot: "itemImage" | "toastImage";
}): ReactNode {
  const slot = useSlots();
  const [broken, setBroken] = useState<string>();
  if (!isPicture(address) || broken === address) return null;
  return (
    <img
      className={slot(name)}
      src={address}
      alt=""
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      onError={() => {
        setBroken(address);
      }}
    />
  );
}
