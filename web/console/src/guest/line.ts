import { transports, type TransportReservedEvents } from "engine.io-client";
import { Decoder, PacketType, type Packet } from "socket.io-parser";

/** The network of this page, which can be cut. */
export interface Line {
  set: (isUp: boolean) => void;
}

type Hear = (event: string, body: unknown) => void;
type EnginePacket = Parameters<TransportReservedEvents["packet"]>[0];

interface Wire {
  lose: () => void;
}

/**
 * Puts a line between this page and its network: the page's sockets and requests go through it, and nothing else of the
 * page knows. Cut, it is a network that is lost: sockets break off without a goodbye, requests fail, nothing new comes
 * about, and the browser says that it is offline. `hear` is told each event that comes over a socket.
 */
export function layLine(hear: Hear): Line {
  let isUp = true;
  const wires = new Set<Wire>();

  /** Reads along with what a socket hears. */
  function tap(): (packet: EnginePacket) => void {
    const decoder = new Decoder();
    decoder.on("decoded", ({ type, data }: Packet) => {
      const [event, body] = (Array.isArray(data) ? data : []) as [unknown, unknown];
      if (type === PacketType.EVENT && typeof event === "string") hear(event, body);
    });
    return ({ type, data }: EnginePacket) => {
      if (type === "message" && typeof data === "string") decoder.add(data);
    };
  }

  class LineSocket extends transports.websocket implements Wire {
    private readonly read = tap();

    override doOpen(): this {
      if (isUp) {
        wires.add(this);
        return super.doOpen();
      }
      setTimeout(() => this.onError("websocket error", "the line is cut"));
      return this;
    }

    override onPacket(packet: EnginePacket): void {
      this.read(packet);
      super.onPacket(packet);
    }

    override onClose(details?: { description: string; context?: unknown }): void {
      wires.delete(this);
      super.onClose(details);
    }

    lose(): void {
      this.doClose();
      this.onClose({ description: "the line was cut" });
    }
  }

  class LinePolling extends transports.polling implements Wire {
    private readonly read = tap();

    override doPoll(): void {
      if (isUp) {
        wires.add(this);
        super.doPoll();
      } else setTimeout(() => this.onError("xhr poll error", "the line is cut"));
    }

    override doWrite(data: string, written: () => void): void {
      if (isUp) super.doWrite(data, written);
    }

    /** The answer to what was asked before the cut comes to nobody. */
    override onData(data: string): void {
      if (wires.has(this)) super.onData(data);
    }

    override onPacket(packet: EnginePacket): void {
      this.read(packet);
      super.onPacket(packet);
    }

    override onClose(details?: { description: string; context?: unknown }): void {
      wires.delete(this);
      super.onClose(details);
    }

    lose(): void {
      wires.delete(this);
      this.onError("xhr poll error", "the line was cut");
    }
  }

  Object.assign(transports, { websocket: LineSocket, polling: LinePolling });

  let cut: (reason: TypeError) => void = () => undefined;
  let untilCut = nextCut();
  function nextCut(): Promise<never> {
    const promise = new Promise<never>((_, reject) => {
      cut = reject;
    });
    promise.catch(() => undefined); // nobody may be waiting
    return promise;
  }

  const fetched = window.fetch.bind(window);
  window.fetch = (...request) =>
    isUp ? Promise.race([fetched(...request), untilCut]) : Promise.reject(new TypeError("the line is cut"));

  // The browser's own is its prototype's, and stays what it was.
  const get = (): boolean => isUp && Reflect.get<Navigator, "onLine">(Navigator.prototype, "onLine", navigator);
  Object.defineProperty(navigator, "onLine", { configurable: true, get });

  return {
    set(next) {
      if (next === isUp) return;
      isUp = next;
      if (isUp) untilCut = nextCut();
      else {
        cut(new TypeError("the line was cut"));
        for (const wire of [...wires]) wire.lose();
      }
      window.dispatchEvent(new Event(isUp ? "online" : "offline"));
    },
  };
}
