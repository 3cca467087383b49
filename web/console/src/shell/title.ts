/** What a tab shows of a page that is not looked at: its name, and whether something is wrong. */
let page = "";
let isWrong = false;

function show(): void {
  document.title = `${isWrong ? "(!) " : ""}${page} · sio-server`;
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const wanted = isWrong ? "./favicon-alert.svg" : "./favicon.svg";
  if (icon !== null && icon.getAttribute("href") !== wanted) icon.href = wanted;
}

export function nameTab(name: string): void {
  page = name;
  show();
}

export function markTab(wrong: boolean): void {
  isWrong = wrong;
  show();
}
