"""Live connections: Socket.IO, plain WebSocket, and what their clients may say."""
