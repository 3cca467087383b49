import { createNotifier, type ConnectionState, type NotifierOptions } from "@sio-server/react/core";
import type { Session } from "../session/session.ts";
import { here } from "../shell/here.ts";
import type { Link, LinkSnapshot, LinkStatus } from "./link.ts";

const STATUSES: Record<ConnectionState["status"], LinkStatus> = {
  idle: "connecting",
  connecting: "connecting",
  connected: "connected",
  reconnecting: "reconnecting",
  offline: "reconnecting",
  unauthorized: "refused",
};

/** The kit's connection: all tabs of the console that are signed in alike share one. */
export function createKitLink(session: Session): Link {
  const notifier = createNotifier({
    ...credentialsOf(session),
    url: here(),
    pauseWhenHidden: false, // a console in the background goes on recording
  });
  let connection = notifier.getState().connection;
  let snapshot = snapshotOf(connection);
  let brokenAt: number | null = null;

  return {
    getSnapshot() {
      const now = notifier.getState().connection;
      if (now !== connection) {
        connection = now;
        const next = snapshotOf(now);
        // An attempt after a failure is part of the same interruption: the banner stays.
        if (next.status === "connected") brokenAt = null;
        else if (next.status !== "connecting") brokenAt ??= Date.now();
        const status = next.status === "connecting" && brokenAt !== null ? "reconnecting" : next.status;
        snapshot = { ...next, status, brokenAt };
      }
      return snapshot;
    },
    subscribe: notifier.subscribe,
    request: notifier.request,
    on: notifier.onControl,
    retryNow: notifier.retryNow,
    open: notifier.start,
    close: notifier.close,
  };
}

function credentialsOf(session: Session): NotifierOptions {
  const { credential, kind } = session;
  // Without a role it gets what is for all beside what it observes, and not everything twice.
  if (credential === null) return { identity: {} };
  return kind === "key" ? { key: credential } : { getToken: () => credential };
}

function snapshotOf(connection: ConnectionState): LinkSnapshot {
  return {
    status: STATUSES[connection.status],
    attempts: connection.attempts,
    retryAt: connection.retryAt ?? null,
    brokenAt: null,
    transport: connection.transport ?? null,
    isLeader: connection.isLeader,
    error: connection.lastError ?? null,
  };
}
