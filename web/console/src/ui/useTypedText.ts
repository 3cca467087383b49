import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";

const PAUSE = 250;

/**
 * The text of a field that is kept in the address: what is typed shows at once, and is told on when the typing rests, as
 * browsers let an address change only so often.
 */
export function useTypedText(kept: string, onRest: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(kept);
  const [told, setTold] = useState(kept);
  // Changed by another hand: a link, the way back, a button that clears.
  if (kept !== told) {
    setTold(kept);
    setText(kept);
  }
  const tell = useDebouncedCallback((typed: string) => {
    setTold(typed);
    onRest(typed);
  }, PAUSE);
  return [
    text,
    (typed) => {
      setText(typed);
      tell(typed);
    },
  ];
}
