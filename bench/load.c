/* The load generator: N subscribers, K publishers, one thread, one epoll.
 *
 * Subscribers are websockets, plain or Socket.IO; publishers are keep-alive HTTP connections with one POST under way
 * each. Every notification carries a mark "publisher.number.time" which comes back in what the subscribers get, so
 * that each delivery is known by publisher, number and latency: what is missing, doubled or out of order is counted.
 *
 * With --rate the time in the mark is the time the notification was due, not when it was sent: a server that makes
 * its publishers wait pays for it in latency (no coordinated omission).
 *
 * Phases: connect all, rest, publish (warm-up, then measured), drain, leave all at once. One line of JSON at the end.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK "\"mark\":\""
#define BUFFER (1u << 20)      /* one read; more than any kernel buffer here holds for one socket */
#define FLIGHT (1u << 16)      /* notifications whose deliveries are still being counted */
#define PUBLISHER 0x80000000u  /* marks a publisher in epoll's data */

/* what the command line says */
static struct {
    int port, posting, clients, publishers, first, window, connecting, padding;
    double rate, seconds, warmup, idle;
    long server;
    bool socketio, leave, tell;
    const char *path, *post, *auth, *auths, *header, *type, *audience;
} opt = { .clients = 100, .publishers = 1, .window = 32, .connecting = 64, .seconds = 3, .warmup = 1, .socketio = true,
          .path = NULL, .post = "/notify", .auth = "{}", .header = "", .type = "test", .audience = "" };

enum stage { DIALLED, ASKED, OPENED, JOINING, READY, GONE };
struct subscriber { int fd; enum stage stage; uint32_t kept; uint8_t *rest; };
struct publisher { int fd; bool busy; int filled; uint64_t sent; uint32_t number; char reply[4096]; };

static struct subscriber *subs;
static char **auths;          /* --auths: a line for each client, over and over */
static int auth_lines;
static struct publisher *pubs;
static uint32_t *next_number; /* [client * publishers + publisher]: the number that has to come next */
static uint32_t *arrivals;    /* [publisher * FLIGHT + number % FLIGHT]: deliveries so far */
static int queue, dialled, pending, ready, lost_connections;
static uint64_t published, finished, deliveries, misplaced, gaps, refused, reads;
static uint64_t from, to, in_window, published_in_window, answered_in_window;

static uint64_t now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec; }
static void fail(const char *what) { perror(what); exit(1); }

/* ---- latencies: powers of two, each cut into 32 steps (3 % wide) ---- */
#define STEPS 32
struct histogram { uint64_t count[64 * STEPS], total, highest; };
static struct histogram delivery, answer;

static void record(struct histogram *h, uint64_t ns) {
    unsigned power = ns < STEPS ? 0 : 63 - (unsigned)__builtin_clzll(ns) - 4;
    unsigned index = power == 0 ? (unsigned)ns : power * STEPS + (unsigned)((ns >> (power - 1)) - STEPS);
    h->count[index]++; h->total++;
    if (ns > h->highest) h->highest = ns;
}
static double quantile(const struct histogram *h, double q) { /* microseconds */
    uint64_t wanted = (uint64_t)(q * (double)h->total), seen = 0;
    for (unsigned i = 0; i < 64 * STEPS; i++)
        if ((seen += h->count[i]) > wanted) {
            unsigned power = i / STEPS;
            return (power == 0 ? i : (double)((uint64_t)(i % STEPS + STEPS) << (power - 1))) / 1000.0;
        }
    return (double)h->highest / 1000.0;
}

/* ---- what the server costs ---- */
static double server_cpu(void) { /* seconds */
    char name[64], text[1024]; unsigned long user = 0, system = 0;
    if (!opt.server) return 0;
    snprintf(name, sizeof name, "/proc/%ld/stat", opt.server);
    FILE *f = fopen(name, "r");
    if (!f) return 0;
    if (fgets(text, sizeof text, f)) {
        char *end = strrchr(text, ')');
        if (end) sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    }
    fclose(f);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}
static long server_kb(void) {
    char name[64], text[256]; long kb = 0;
    if (!opt.server) return 0;
    snprintf(name, sizeof name, "/proc/%ld/status", opt.server);
    FILE *f = fopen(name, "r");
    if (!f) return 0;
    while (fgets(text, sizeof text, f)) if (sscanf(text, "VmRSS: %ld", &kb) == 1) break;
    fclose(f);
    return kb;
}
static double own_cpu(void) {
    struct rusage r; getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

/* ---- connections ---- */
static int dial(int which, int port) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) fail("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    /* several source addresses: the ports of one would run out */
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000010u + (uint32_t)which % 8) };
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001u), .sin_port = htons((uint16_t)port) };
    if (bind(fd, (struct sockaddr *)&own, sizeof own)) fail("bind");
    if (connect(fd, (struct sockaddr *)&peer, sizeof peer) && errno != EINPROGRESS) fail("connect");
    return fd;
}
static void watch(int fd, uint32_t data, uint32_t events, int how) {
    struct epoll_event e = { .events = events, .data.u32 = data };
    if (epoll_ctl(queue, how, fd, &e)) fail("epoll_ctl");
}
static void drop(struct subscriber *s) {
    if (s->stage == GONE) return;
    if (s->stage < READY) pending--;
    close(s->fd); free(s->rest);
    *s = (struct subscriber){ .fd = -1, .stage = GONE };
    lost_connections++;
}
static void whisper(struct subscriber *s, uint8_t opcode, const void *text, size_t n) { /* one masked frame; the mask is zero */
    uint8_t frame[1200] = { (uint8_t)(0x80 | opcode) };
    size_t head = 2;
    if (n < 126) frame[1] = (uint8_t)(0x80 | n);
    else { frame[1] = 0x80 | 126; frame[2] = (uint8_t)(n >> 8); frame[3] = (uint8_t)n; head = 4; }
    head += 4;
    if (head + n > sizeof frame) { fprintf(stderr, "auth is too long\n"); exit(2); }
    memcpy(frame + head, text, n);
    if (send(s->fd, frame, head + n, MSG_NOSIGNAL) != (ssize_t)(head + n)) drop(s);
}
static void is_ready(struct subscriber *s) { s->stage = READY; ready++; pending--; }

/* ---- what subscribers get ---- */
static uint64_t digits(const char **p) { uint64_t v = 0; while (**p >= '0' && **p <= '9') v = v * 10 + (uint64_t)(*(*p)++ - '0'); return v; }

static void delivered(int client, const uint8_t *text, size_t n, uint64_t at) {
    static size_t usual; /* the mark stands in the same place nearly always */
    const size_t size = sizeof MARK - 1;
    const uint8_t *found = usual + size + 40 < n && !memcmp(text + usual, MARK, size) ? text + usual : memmem(text, n, MARK, size);
    if (!found) return;
    usual = (size_t)(found - text);
    const char *p = (const char *)found + size;
    uint32_t publisher = (uint32_t)digits(&p) - (uint32_t)opt.first; p++; /* of another load: a large number */
    uint32_t number = (uint32_t)digits(&p); p++;
    uint64_t due = digits(&p);
    if (publisher >= (uint32_t)opt.publishers) return;
    deliveries++;
    uint32_t *expected = &next_number[(size_t)client * (size_t)opt.publishers + publisher];
    if (number < *expected) misplaced++;
    else { gaps += number - *expected; *expected = number + 1; }
    if (++arrivals[(size_t)publisher * FLIGHT + number % FLIGHT] == (uint32_t)ready) {
        arrivals[(size_t)publisher * FLIGHT + number % FLIGHT] = 0;
        finished++;
    }
    if (at >= from && at < to) in_window++;
    if (due >= from && due < to) record(&delivery, at > due ? at - due : 0);
}
static void frame(int client, struct subscriber *s, uint8_t opcode, const uint8_t *text, size_t n, uint64_t at) {
    if (opcode == 9) { whisper(s, 10, text, n); return; }
    if (opcode == 8) { drop(s); return; }
    if (opcode != 1) return;
    if (!opt.socketio) { if (s->stage == READY) delivered(client, text, n, at); return; }
    if (n == 1 && *text == '2') { whisper(s, 1, "3", 1); return; }
    if (s->stage == READY) { if (n > 2 && text[0] == '4' && text[1] == '2') delivered(client, text, n, at); return; }
    if (s->stage == OPENED && n && *text == '0') {
        char join[1100]; int size = snprintf(join, sizeof join, "40%s", auth_lines ? auths[client % auth_lines] : opt.auth);
        s->stage = JOINING; whisper(s, 1, join, (size_t)size);
    } else if (s->stage == JOINING && n > 1 && text[0] == '4' && text[1] == '0') is_ready(s);
    else if (s->stage == JOINING && n > 1 && text[0] == '4' && text[1] == '4') { fprintf(stderr, "refused: %.*s\n", (int)n, text); drop(s); }
}
static size_t frames(int client, struct subscriber *s, const uint8_t *b, size_t n, uint64_t at) { /* returns bytes used */
    size_t used = 0;
    while (n - used >= 2) {
        const uint8_t *p = b + used; size_t head = 2; uint64_t size = p[1] & 127;
        if (size == 126) { if (n - used < 4) break; size = (uint64_t)p[2] << 8 | p[3]; head = 4; }
        else if (size == 127) { if (n - used < 10) break; size = 0; for (int i = 2; i < 10; i++) size = size << 8 | p[i]; head = 10; }
        if (n - used < head + size) break;
        frame(client, s, p[0] & 15, p + head, (size_t)size, at);
        if (s->stage == GONE) return n;
        used += head + (size_t)size;
    }
    return used;
}
static void subscriber_event(int client) {
    static uint8_t buffer[BUFFER];
    struct subscriber *s = &subs[client];
    if (s->stage == GONE) return;
    if (s->stage == DIALLED) {
        char ask[700];
        int n = snprintf(ask, sizeof ask, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", opt.path, opt.port);
        if (send(s->fd, ask, (size_t)n, MSG_NOSIGNAL) != n) { drop(s); return; }
        s->stage = ASKED;
        watch(s->fd, (uint32_t)client, EPOLLIN, EPOLL_CTL_MOD);
        return;
    }
    if (s->kept) memcpy(buffer, s->rest, s->kept);
    ssize_t got = recv(s->fd, buffer + s->kept, BUFFER - s->kept, 0);
    if (got <= 0) { if (got == 0 || errno != EAGAIN) drop(s); return; }
    reads++;
    size_t n = s->kept + (size_t)got, used = 0;
    uint64_t at = now();
    if (s->stage == ASKED) {
        uint8_t *end = memmem(buffer, n, "\r\n\r\n", 4);
        if (end) {
            if (memcmp(buffer, "HTTP/1.1 101", 12)) { fprintf(stderr, "%.*s\n", 60, buffer); drop(s); return; }
            used = (size_t)(end - buffer) + 4;
            if (opt.socketio) s->stage = OPENED; else is_ready(s);
        }
    }
    if (s->stage != ASKED) used += frames(client, s, buffer + used, n - used, at);
    if (s->stage == GONE) return;
    s->kept = (uint32_t)(n - used);
    if (s->kept) { s->rest = realloc(s->rest, s->kept); memcpy(s->rest, buffer + used, s->kept); }
}

/* ---- publishers ---- */
static void publish(int which, uint64_t due) {
    struct publisher *p = &pubs[which];
    char body[4096], request[5200];
    int size = snprintf(body, sizeof body, "{\"type\":\"%s\",\"message\":\"Nueva reserva para el tour Laguna 69\",\"data\":{\"reserva_id\":\"R-%06u\","
        "\"turista\":\"Rosa Quispe\",\"personas\":3,\"total\":450.5,\"pad\":\"%.*s\"," MARK "%d.%u.%llu\"}%s%s}", opt.type, p->number % 1000000, opt.padding,
        "................................................................................................................................", opt.first + which, p->number, (unsigned long long)due,
        *opt.audience ? ",\"audience\":" : "", opt.audience);
    int n = snprintf(request, sizeof request, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n%s%sContent-Length: %d\r\n\r\n%s",
        opt.post, opt.posting, opt.header, *opt.header ? "\r\n" : "", size, body);
    p->busy = true; p->filled = 0; p->number++; p->sent = now(); published++;
    if (p->sent >= from && p->sent < to) published_in_window++;
    if (send(p->fd, request, (size_t)n, MSG_NOSIGNAL) != n) fail("publish");
}
static void publisher_event(int which) {
    struct publisher *p = &pubs[which];
    ssize_t got = recv(p->fd, p->reply + p->filled, sizeof p->reply - 1 - (size_t)p->filled, 0);
    if (got <= 0) { if (got < 0 && errno == EAGAIN) return; fprintf(stderr, "the server closed a publisher\n"); exit(3); }
    p->filled += (int)got; p->reply[p->filled] = 0;
    char *end = strstr(p->reply, "\r\n\r\n");
    if (!end) return;
    char *length = strcasestr(p->reply, "\r\ncontent-length:");
    if (length && length < end) { if (p->filled < end + 4 - p->reply + atoi(length + 17)) return; }
    else if (strcasestr(p->reply, "chunked") && !strstr(end, "\r\n0\r\n\r\n")) return;
    if (p->reply[9] != '2') { if (!refused++) fprintf(stderr, "%.400s\n", p->reply); }
    uint64_t at = now();
    if (p->sent >= from && p->sent < to) { record(&answer, at - p->sent); answered_in_window++; }
    p->busy = false;
    if (!ready) finished = published; /* nobody listens: the answer is all there is to wait for */
}

/* ---- the loop ---- */
enum phase { CONNECT, REST, PUBLISH, DRAIN };
static void dial_more(void) {
    while (dialled < opt.clients && pending < opt.connecting) {
        subs[dialled] = (struct subscriber){ .fd = dial(dialled, opt.port), .stage = DIALLED };
        watch(subs[dialled].fd, (uint32_t)dialled, EPOLLOUT, EPOLL_CTL_ADD);
        dialled++; pending++;
    }
}
static uint64_t publish_due(uint64_t at) { /* returns when the next one is due */
    static uint64_t due; static int turn;
    if (opt.rate <= 0) {
        for (int i = 0; i < opt.publishers; i++)
            if (!pubs[i].busy && published - finished < (uint64_t)opt.window) publish(i, at);
        return UINT64_MAX;
    }
    if (!due) due = at;
    while (due <= at) {
        int i = 0;
        while (i < opt.publishers && pubs[(turn + i) % opt.publishers].busy) i++;
        if (i == opt.publishers) return UINT64_MAX; /* all wait for their answers: the delay counts, see above */
        publish((turn + i) % opt.publishers, due);
        turn = (turn + i + 1) % opt.publishers;
        due += (uint64_t)(1e9 / opt.rate);
    }
    return due;
}
static void run(enum phase phase, uint64_t until) {
    struct epoll_event events[256];
    for (;;) {
        uint64_t at = now(), wake = until;
        if (at >= until) return;
        if (phase == CONNECT) { if (ready + lost_connections >= opt.clients) return; dial_more(); }
        if (phase == PUBLISH) { uint64_t due = publish_due(at); if (due < wake) wake = due; }
        if (phase == DRAIN && finished >= published) return;
        uint64_t wait = wake > at ? wake - at : 0;
        struct timespec t = { (time_t)(wait / 1000000000u), (long)(wait % 1000000000u) };
        int n = epoll_pwait2(queue, events, 256, &t, NULL);
        if (n < 0 && errno != EINTR) fail("epoll_pwait2");
        for (int i = 0; i < n; i++) {
            uint32_t who = events[i].data.u32;
            if (who & PUBLISHER) publisher_event((int)(who & ~PUBLISHER)); else subscriber_event((int)who);
        }
    }
}
static uint64_t in(double seconds) { return now() + (uint64_t)(seconds * 1e9); }

static double leave(void) { /* the server's CPU seconds for everybody leaving at once */
    double before = server_cpu(), last = before, quiet = 0;
    for (int i = 0; i < opt.clients; i++) if (subs[i].stage != GONE) { close(subs[i].fd); subs[i].stage = GONE; }
    while (quiet < 1.0) { /* until it has been idle for a second */
        usleep(100000);
        double cpu = server_cpu();
        quiet = cpu - last < 0.011 ? quiet + 0.1 : 0;
        last = cpu;
    }
    return last - before;
}
static void options(int count, char **words) {
    static const struct option known[] = { {"port", 1, 0, 'p'}, {"clients", 1, 0, 'n'}, {"publishers", 1, 0, 'k'}, {"window", 1, 0, 'W'},
        {"rate", 1, 0, 'r'}, {"seconds", 1, 0, 's'}, {"warmup", 1, 0, 'w'}, {"connecting", 1, 0, 'c'}, {"server", 1, 0, 'P'}, {"raw", 0, 0, 'R'},
        {"path", 1, 0, 'u'}, {"post", 1, 0, 'o'}, {"auth", 1, 0, 'a'}, {"auths", 1, 0, 'A'}, {"header", 1, 0, 'H'}, {"type", 1, 0, 't'}, {"leave", 0, 0, 'L'}, {"padding", 1, 0, 'S'}, {"posting", 1, 0, 'Q'},
        {"audience", 1, 0, 'U'}, {"first", 1, 0, 'F'}, {"tell", 0, 0, 'T'}, {"idle", 1, 0, 'I'}, {0, 0, 0, 0} };
    for (int o; (o = getopt_long(count, words, "", known, NULL)) != -1;) switch (o) {
        case 'p': opt.port = atoi(optarg); break;         case 'n': opt.clients = atoi(optarg); break;
        case 'k': opt.publishers = atoi(optarg); break;   case 'W': opt.window = atoi(optarg); break;
        case 'r': opt.rate = atof(optarg); break;         case 's': opt.seconds = atof(optarg); break;
        case 'w': opt.warmup = atof(optarg); break;       case 'c': opt.connecting = atoi(optarg); break;
        case 'P': opt.server = atol(optarg); break;       case 'R': opt.socketio = false; break;
        case 'u': opt.path = optarg; break;               case 'o': opt.post = optarg; break;
        case 'a': opt.auth = optarg; break;               case 'H': opt.header = optarg; break;
        case 't': opt.type = optarg; break;               case 'L': opt.leave = true; break;
        case 'S': opt.padding = atoi(optarg); break;      case 'A': opt.auths = optarg; break;
        case 'U': opt.audience = optarg; break; /* JSON */
        case 'F': opt.first = atoi(optarg); break; /* the number of the first publisher, where other loads publish, too */
        case 'I': opt.idle = atof(optarg); break; /* seconds for which nobody says anything but pings and pongs */
        case 'T': opt.tell = true; break;       /* say on standard error when what counts begins */
        case 'Q': opt.posting = atoi(optarg); break; /* where to publish, if not to the subscribers' node */
        default: exit(2);
    }
    if (!opt.path) opt.path = opt.socketio ? "/socket.io/?EIO=4&transport=websocket" : "/ws";
    if (opt.padding > 128) opt.padding = 128;
    if (!opt.posting) opt.posting = opt.port;
}
static void read_auths(void) {
    FILE *file = fopen(opt.auths, "r");
    char *line = NULL; size_t room = 0;
    if (!file) fail(opt.auths);
    for (ssize_t n; (n = getline(&line, &room, file)) > 0;) {
        if (line[n - 1] == '\n') line[n - 1] = 0;
        auths = realloc(auths, sizeof *auths * ((size_t)auth_lines + 1));
        auths[auth_lines++] = strdup(line);
    }
    free(line); fclose(file);
}
int main(int count, char **words) {
    options(count, words);
    if (opt.auths) read_auths();
    queue = epoll_create1(0);
    subs = calloc((size_t)opt.clients + 1, sizeof *subs);
    pubs = calloc((size_t)opt.publishers, sizeof *pubs);
    next_number = calloc(((size_t)opt.clients + 1) * (size_t)opt.publishers, sizeof *next_number);
    arrivals = calloc((size_t)opt.publishers * FLIGHT, sizeof *arrivals);

    long kb_before = server_kb(); double cpu_before = server_cpu(); uint64_t start = now();
    run(CONNECT, in(120));
    double connect_seconds = (double)(now() - start) / 1e9, connect_cpu = server_cpu() - cpu_before;
    run(REST, in(1.0));
    long kb_after = server_kb(); int joined = ready;

    double resting = server_cpu();
    run(REST, in(opt.idle));
    if (opt.idle > 0) resting = (server_cpu() - resting) / opt.idle; else resting = 0;

    double served = 0, loaded = 0, span = opt.seconds; uint64_t reads_before = 0;
    if (opt.seconds > 0) {
        for (int i = 0; i < opt.publishers; i++) { pubs[i].fd = dial(i, opt.posting); watch(pubs[i].fd, PUBLISHER | (uint32_t)i, EPOLLIN, EPOLL_CTL_ADD); }
        run(REST, in(0.05));
        run(PUBLISH, in(opt.warmup));
        if (opt.tell) fprintf(stderr, "publishing\n");
        from = now(); to = from + (uint64_t)(opt.seconds * 1e9);
        double cpu = server_cpu(), own = own_cpu(); reads_before = reads;
        run(PUBLISH, to);
        served = (server_cpu() - cpu) / span; loaded = (own_cpu() - own) / span;
        run(DRAIN, in(20));
    }
    uint64_t missing = published * (uint64_t)joined - deliveries;
    double left = opt.leave ? leave() : 0;
    printf("{\"clients\":%d,\"joined\":%d,\"dropped\":%d,\"connects_per_s\":%.1f,\"connect_cpu_us\":%.2f,\"kb_per_connection\":%.3f,\"rss_kb\":%ld,",
        opt.clients, joined, lost_connections, opt.clients / connect_seconds, opt.clients ? connect_cpu / opt.clients * 1e6 : 0,
        opt.clients ? (double)(kb_after - kb_before) / opt.clients : 0, server_kb());
    printf("\"deliveries_per_s\":%.1f,\"posts_per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f,\"post_p50_us\":%.1f,\"post_p99_us\":%.1f,",
        span > 0 ? (double)in_window / span : 0, span > 0 ? (double)answered_in_window / span : 0, quantile(&delivery, .5), quantile(&delivery, .99), quantile(&delivery, .999),
        (double)delivery.highest / 1e3, quantile(&answer, .5), quantile(&answer, .99));
    printf("\"published\":%llu,\"delivered\":%llu,\"lost\":%lld,\"gaps\":%llu,\"out_of_order\":%llu,\"refused\":%llu,\"server_cpu\":%.3f,\"load_cpu\":%.3f,\"reads\":%llu,\"leave_cpu_s\":%.3f,\"idle_cpu_percent\":%.3f}\n",
        (unsigned long long)published, (unsigned long long)deliveries, (long long)missing, (unsigned long long)gaps, (unsigned long long)misplaced, (unsigned long long)refused,
        served, loaded, (unsigned long long)(reads - reads_before), left, resting * 100);
    return 0;
}
