import { Anchor, Text, type TextProps } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { visibleText } from "./visibleText.ts";

interface ClampedProps extends TextProps {
  text: string;
  lines?: number;
}

/** A text that somebody published, down to so many lines until more of it is asked for. */
export function Clamped({ text, lines = 6, ...rest }: ClampedProps) {
  const { t } = useTranslation();
  const { ref: sized, width } = useElementSize<HTMLDivElement>();
  const block = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(sized, block);
  const [isOpen, setOpen] = useState(false);
  const [isLong, setLong] = useState(false);

  useLayoutEffect(() => {
    const element = block.current;
    // What is cut off is known by measuring alone.
    if (element !== null && !isOpen) setLong(element.scrollHeight > element.clientHeight + 1);
  }, [text, width, isOpen, lines]);

  return (
    <>
      <Text
        component="div"
        dir="auto"
        size="sm"
        ref={ref}
        className={isOpen ? "wrap" : "wrap clamped"}
        style={{ "--lines": lines }}
        {...rest}
      >
        {visibleText(text)}
      </Text>
      {isLong ? (
        <Anchor
          component="button"
          type="button"
          size="sm"
          aria-expanded={isOpen}
          onClick={() => {
            setOpen(!isOpen);
          }}
        >
          {isOpen ? t("common.less") : t("common.more")}
        </Anchor>
      ) : null}
    </>
  );
}
