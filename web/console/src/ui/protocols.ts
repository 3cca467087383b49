/** What each protocol of a connection is called, in every language. */
export const PROTOCOLS = { socketio: "Socket.IO", ws: "WebSocket", sse: "Server-Sent Events" } as const;
