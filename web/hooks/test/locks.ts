/** The Web Locks API for the tabs of one test: Node has it from version 24 on, and browsers are tested elsewhere. */
export class Locks {
  #held: { name: string; mode: string; drop: (error: Error) => void }[] = [];
  #line: { name: string; mode: string; go: () => void }[] = [];

  query(): Promise<{ held: { name: string }[] }> {
    return Promise.resolve({ held: this.#held });
  }

  request(
    name: string,
    options: { mode?: string; steal?: boolean; signal?: AbortSignal },
    call: () => Promise<void> | undefined,
  ): Promise<void> {
    const { mode = "exclusive", steal, signal } = options;
    return new Promise((resolve, reject) => {
      const asked = {
        name,
        mode,
        go: () => {
          const lock = { name, mode, drop: reject };
          this.#held.push(lock);
          void Promise.resolve(call()).then(() => {
            this.#leave(lock);
            resolve();
          });
        },
      };
      if (steal) {
        for (const lock of this.#held.filter((other) => other.name === name)) {
          this.#held.splice(this.#held.indexOf(lock), 1);
          lock.drop(new DOMException("stolen", "AbortError"));
        }
        asked.go();
        return;
      }
      signal?.addEventListener("abort", () => {
        if (!this.#line.includes(asked)) return;
        this.#line.splice(this.#line.indexOf(asked), 1);
        reject(new DOMException("aborted", "AbortError"));
      });
      this.#line.push(asked);
      queueMicrotask(() => {
        this.#next();
      });
    });
  }

  #leave(lock: { name: string; mode: string; drop: (error: Error) => void }): void {
    const at = this.#held.indexOf(lock);
    if (at >= 0) this.#held.splice(at, 1);
    this.#next();
  }

  #next(): void {
    for (const asked of [...this.#line]) {
      const held = this.#held.filter((lock) => lock.name === asked.name);
      if (held.some((lock) => lock.mode === "exclusive" || asked.mode === "exclusive")) continue;
      this.#line.splice(this.#line.indexOf(asked), 1);
      asked.go();
    }
  }
}
