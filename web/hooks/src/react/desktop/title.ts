const mark = (count: string): string => (count ? `(${count}) ` : "");

/**
 * Puts a number before the title of the page, and keeps it there when the application sets another title; with "" there
 * is none. Returns what takes it away.
 */
export function titleCount(): { show: (count: string) => void; end: () => void } {
  let shown = "";
  let plain = document.title;

  function write(): void {
    const wanted = shown + plain;
    if (document.title !== wanted) document.title = wanted;
  }
  function look(): void {
    const { title } = document;
    if (title === shown + plain) return;
    plain = title.replace(/^\(\d+\+?\) /, "");
    write();
  }
  const observer = new MutationObserver(look);
  observer.observe(document.head, { childList: true, subtree: true, characterData: true });
  return {
    show: (count) => {
      look();
      shown = mark(count);
      write();
    },
    end: () => {
      observer.disconnect();
      shown = "";
      write();
    },
  };
}
