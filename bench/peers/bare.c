/* The floor: a server that does nothing but accept websockets and, for each POST, one send() per client.
 *
 *   bare PORT          one send() per client and POST: what any server that writes each event by itself cannot beat
 *   bare PORT joined   the POSTs of one round leave in one send() per client: shows what the load generator can take
 *
 * No JSON, no rooms, no timers; the answer to the handshake is a constant, since the load generator's key is one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILES 32768
#define BATCH (1 << 19)
static const char SWITCH[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";
static const char OK[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}";
static int members[FILES], place[FILES], count, filled[FILES];
static char *heads[FILES], out[BATCH + 8192];
static size_t batched;

static void push(int fd, const char *p, size_t n) {
    while (n) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            struct pollfd full = { fd, POLLOUT, 0 };
            if (errno != EAGAIN || poll(&full, 1, 1000) <= 0) return;
        } else { p += sent; n -= (size_t)sent; }
    }
}
static void flush(void) { for (int i = 0; i < count; i++) push(members[i], out, batched); batched = 0; }
static void append(const char *body, size_t n) {
    static const char before[] = "42[\"test\",", after[] = "]";
    size_t size = sizeof before - 1 + n + sizeof after - 1;
    char *p = out + batched;
    *p++ = (char)0x81; *p++ = 126; *p++ = (char)(size >> 8); *p++ = (char)size;
    memcpy(p, before, sizeof before - 1); p += sizeof before - 1;
    memcpy(p, body, n); p += n;
    memcpy(p, after, sizeof after - 1);
    batched += size + 4;
}
static void gone(int fd) {
    if (place[fd] >= 0) { int last = members[--count]; members[place[fd]] = last; place[last] = place[fd]; place[fd] = -1; }
    free(heads[fd]); heads[fd] = NULL; close(fd);
}
static void readable(int fd, int joined) {
    char ignored[4096];
    char *b = heads[fd] ? heads[fd] : ignored;
    ssize_t got = recv(fd, b + (heads[fd] ? filled[fd] : 0), 4095 - (size_t)(heads[fd] ? filled[fd] : 0), MSG_DONTWAIT);
    if (got <= 0) { if (got == 0 || errno != EAGAIN) gone(fd); return; }
    if (!heads[fd]) return; /* what a websocket client says does not matter */
    filled[fd] += (int)got; b[filled[fd]] = 0;
    char *end = strstr(b, "\r\n\r\n");
    if (!end) return;
    if (*b == 'G') {
        push(fd, SWITCH, sizeof SWITCH - 1);
        place[fd] = count; members[count++] = fd; free(heads[fd]); heads[fd] = NULL;
        return;
    }
    char *length = strcasestr(b, "content-length:");
    int n = length ? atoi(length + 15) : 0;
    if (filled[fd] < end + 4 - b + n) return;
    append(end + 4, (size_t)n);
    if (!joined || batched > BATCH) flush();
    push(fd, OK, sizeof OK - 1);
    filled[fd] = 0;
}
int main(int n, char **words) {
    int joined = n > 2 && !strcmp(words[2], "joined"), one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), queue = epoll_create1(0);
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&own, sizeof own) || listen(listener, 4096)) { perror("listen"); return 1; }
    struct epoll_event e = { .events = EPOLLIN, .data.fd = listener }, events[256];
    epoll_ctl(queue, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        int found = epoll_wait(queue, events, 256, -1);
        for (int i = 0; i < found; i++) {
            int fd = events[i].data.fd;
            if (fd != listener) { readable(fd, joined); continue; }
            for (int c; (c = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                heads[c] = malloc(4096); filled[c] = 0; place[c] = -1;
                struct epoll_event client = { .events = EPOLLIN, .data.fd = c };
                epoll_ctl(queue, EPOLL_CTL_ADD, c, &client);
            }
        }
        if (batched) flush();
    }
}
