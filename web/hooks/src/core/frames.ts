import type { createControls } from "./controls.ts";
import type { Greeting } from "./greeting.ts";
import type { createHandlers } from "./handlers.ts";
import type { Inbox } from "./inbox.ts";
import type { createLists } from "./lists.ts";
import type { Place } from "./place.ts";
import type { AnyEnvelope } from "./types.ts";
import type { Frame, Hello, Sync } from "./wire.ts";

interface Around {
  place: Place;
  greeting: Greeting;
  inbox: Inbox;
  lists: ReturnType<typeof createLists>;
  handlers: ReturnType<typeof createHandlers>;
  controls: ReturnType<typeof createControls>;
  /** Nothing of the user before may stay. */
  clear: () => void;
  changed: () => void;
  unrecovered: () => void;
}

/** What becomes of each thing that the server says, over this tab's socket or another's. */
export function createFrames({ place, greeting, inbox, lists, handlers, controls, ...around }: Around) {
  function greet(said: Hello, offset?: number): void {
    const missed = place.cursor() !== undefined && !said.recovered;
    const before = greeting.hello();
    if (before && before.user !== said.user) around.clear();
    greeting.take(said, offset);
    inbox.greet(said.counts);
    if (missed) return; // the server says what that means with `ns:sync`
    place.begin(said.cursor);
    lists.renew();
  }

  function sync({ cursor, recovered }: Sync): void {
    place.keep(cursor);
    if (recovered) return;
    lists.expire();
    lists.renew();
    around.unrecovered();
  }

  function receive(notification: AnyEnvelope): void {
    place.keep(notification.cursor);
    if (!handlers.isNew(notification.id)) return;
    // What is not stored is news and no more: the server's inbox, and so its counters, will never have it.
    if (notification.persist !== false) inbox.receive(notification);
    lists.trim();
    handlers.tell(notification);
    around.changed();
  }

  function apply(frame: Frame): void {
    switch (frame.event) {
      case "notification":
        return receive(frame.body);
      case "ns:hello":
        greet(frame.body);
        break;
      case "ns:sync":
        sync(frame.body);
        break;
      case "ns:state":
        inbox.change(frame.body);
        break;
      case "ns:updated":
        place.keep(frame.body.cursor);
        inbox.update(frame.body);
        break;
      case "ns:removed":
        place.keep(frame.body.cursor);
        inbox.remove(frame.body);
        break;
      case "ns:answered":
        inbox.answer(frame.body);
        break;
      case "ns:topics":
        greeting.follow(frame.body.topics);
    }
    controls.tell(frame.event, frame.body);
    around.changed();
  }

  return { apply, greet };
}
