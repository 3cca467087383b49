// What is said over HTTP, written by `npm run generate` from the server's schemas.
// Change those, not this file.

export interface components {
    schemas: {
        Accepted: {
            /** @enum {string} */
            status: "ok";
            /**
             * Format: uuid
             * @description Identity of the notification (UUIDv7)
             */
            id: string;
            /** @description Its place in the log */
            seq: number;
            /** @description The same as a client keeps it */
            cursor: string;
            type: string;
            recipients: components["schemas"]["Recipients"];
            /** @description Whether an earlier publish with this key was it */
            duplicate: boolean;
            warnings: string[];
            /**
             * Format: uuid
             * @description The notification whose place it took; only where it took one
             */
            replaces?: string;
        };
        Acted: {
            /** @enum {string} */
            status: "ok";
            /** @description The action that was chosen */
            action: string;
            /** @description Those that changed, of the ids that were given */
            ids: string[];
            /** @description Unknown, expired or somebody else's */
            ignored: string[];
            /** @description The `seq` that a change of all reached; null for ids */
            up_to: number | null;
            counts: components["schemas"]["Counts"];
            /** @description The notification */
            id: string;
            /** @description When, RFC 3339 in UTC */
            at: string;
        };
        Action: {
            /** @description What an answer names */
            id: string;
            /** @description Text of the button, or one for each language */
            label: string | {
                [key: string]: string;
            };
            /** @description Where a click leads: a path or an http(s) address */
            link?: string | null;
            /** @description Any JSON, for whoever hears of the answer */
            value?: unknown;
        };
        ActionReply: {
            /** @description What an answer names */
            id: string;
            /** @description In the reader's language */
            label: string;
            /** @description Where it leads, where it is a link */
            link?: string;
            /** @description What the publisher put there */
            value?: unknown;
        };
        Actor: {
            id: string;
            name?: string;
        };
        Amend: {
            /** @description What an inbox puts together under one heading */
            group?: string | null;
            /** @description What its reader can do about it */
            actions?: components["schemas"]["Action"][] | null;
            /** @description The https address of a picture */
            image?: string | null;
            /** @description The name of an icon that the client has, or the https address of one */
            icon?: string | null;
            /** @description What kind of notification it is to its reader */
            category?: string | null;
            /** @description Title and message by language; each reader gets them in the language of the connection */
            texts?: {
                [key: string]: {
                    title?: string;
                    message?: string;
                };
            } | null;
            /** @description When it is delivered, RFC 3339 with a zone; at once where left out */
            deliver_at?: string | null;
            /** @description Seconds from now after which it is delivered; in place of `deliver_at` */
            deliver_in?: number | null;
            /** @description Text; the catalogue's where left out */
            message?: string | null;
            /** @description Fields of the event; known ones are checked by the catalogue */
            data?: {
                [key: string]: unknown;
            } | null;
            /** @description Short text above the message */
            title?: string | null;
            /** @description Where a click leads: a path or an http(s) address */
            link?: string | null;
            /**
             * @description The type's where left out
             * @enum {string|null}
             */
            priority?: "low" | "normal" | "high" | "critical" | null;
            /** @description Seconds until it is of no more use */
            ttl?: number | null;
            /** @description How often it was changed, as you know it: refused where another change came first */
            revision?: number;
        };
        Answer: {
            /** @description Id of one of its actions */
            action: string;
        };
        Answered: {
            /** @description Its id */
            action: string;
            /** @description RFC 3339 in UTC */
            at: string;
        };
        AnswersReply: {
            /** @description How many chose which of its actions, by the action's id; the most chosen first */
            answers: {
                [key: string]: number;
            };
            /** @description By the users' names */
            items: components["schemas"]["UserAnswer"][];
            /** @description `after` of the next page; null after the last */
            next_after: string | null;
        };
        Attendance: {
            joined: components["schemas"]["Here"][];
            left: components["schemas"]["Here"][];
            /** @description Now, RFC 3339 in UTC */
            at: string;
        };
        Audience: {
            /** @description Everybody with one of these roles */
            roles?: string[];
            /** @description These users */
            users?: string[];
            /** @description Everybody who follows one of these topics */
            topics?: string[];
            /** @description Everybody */
            all?: boolean;
            /** @description Who gets nothing all the same */
            except?: components["schemas"]["Except"];
        };
        AudienceReply: {
            /** @description Everybody with one of these roles */
            roles: string[];
            /** @description These users */
            users: string[];
            /** @description Everybody who follows one of these topics */
            topics: string[];
            /** @description Everybody */
            all: boolean;
            /** @description Who gets nothing all the same */
            except: components["schemas"]["ExceptReply"];
        };
        Batch: {
            notifications: components["schemas"]["Publish"][];
        };
        BatchItem: {
            /** @enum {string} */
            status: "ok" | "scheduled" | "error";
            error?: components["schemas"]["Problem"];
        } & {
            [key: string]: unknown;
        };
        BatchReply: {
            /** @enum {string} */
            status: "ok";
            accepted: number;
            rejected: number;
            results: components["schemas"]["BatchItem"][];
        };
        Cancelled: {
            /** @enum {string} */
            status: "ok";
            /** Format: uuid */
            id: string;
            cancelled: boolean;
        };
        CancelledAll: {
            /** @enum {string} */
            status: "ok";
            cancelled: number;
        };
        Catalog: {
            types: components["schemas"]["EventType"][];
            topics: components["schemas"]["Followable"][];
        };
        Changed: {
            /** @enum {string} */
            status: "ok" | "scheduled";
            /** Format: uuid */
            id: string;
            /** @description How often it was changed by now */
            revision: number;
            /** @description The place in the log of the word of this change */
            seq?: number;
            /** @description The same as a client keeps it */
            cursor?: string;
            /** @description When, RFC 3339 in UTC */
            updated_at?: string;
            /** @description When it is delivered, RFC 3339 in UTC, where it is scheduled */
            due?: string;
        } & {
            [key: string]: unknown;
        };
        ConnectedUser: {
            user: string;
            roles: string[];
            topics: string[];
            connections: components["schemas"]["Connection"][];
        };
        Connection: {
            /** @description What `/v1/connections/{id}/disconnect` takes; good for nothing else */
            id: string;
            /** @enum {string} */
            protocol: "socketio" | "ws" | "sse";
            /** @enum {string} */
            transport: "polling" | "websocket" | "http";
            /** @description When it was made, RFC 3339 in UTC */
            since: string;
            /** @description The peer's address */
            address: string;
            /** @description Its User-Agent, at most 200 characters of it */
            client: string;
            /** @description What it gets: `all`, `role:…`, `user:…`, `topic:…` */
            rooms: string[];
            /** @description Bytes that wait for it to take them */
            queued_bytes: number;
            /** @description Whether it is still on its way from a cursor to live */
            replaying: boolean;
        };
        ConnectionDisconnected: {
            /** @enum {string} */
            status: "ok";
            id: string;
        };
        ConnectionNumbers: {
            total: number;
            by_role: {
                [key: string]: number;
            };
            by_transport: {
                [key: string]: number;
            };
        };
        Counts: {
            unread: number;
            unseen: number;
            /** @description They count what came up to here; live items come on top */
            at_seq: number;
        };
        CountsReply: {
            counts: components["schemas"]["Counts"];
        };
        Disconnect: {
            /**
             * @description Tokens issued before this moment are refused: Unix seconds, or `now`, which is what is meant without it
             * @default now
             */
            tokens_before: number | "now";
        };
        Disconnected: {
            /** @enum {string} */
            status: "ok";
            user: string;
            /** @description Connections that were closed */
            disconnected: number;
            /** @description Unix seconds: tokens issued before are refused */
            tokens_before: number;
        };
        EndedReply: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            status: "cancelled" | "replaced" | "expired";
            /** @description When it was to be delivered, RFC 3339 in UTC */
            due: string;
            /** @description When it was scheduled */
            scheduled_at: string;
            /** @description Who scheduled it */
            by: string;
            /** @description When it was cancelled, replaced, or found to have expired */
            ended_at: string;
            /** @description Who did so; null where it expired */
            ended_by: string | null;
            /**
             * Format: uuid
             * @description What took its place in the schedule, where something did
             */
            replaced_by?: string;
            /** @description What it said; absent where an older version ended it */
            said?: components["schemas"]["Gist"];
            /** @description Null: nobody was to get it yet */
            receipts: {
                [key: string]: unknown;
            } | null;
        };
        Entrance: {
            /** @description A JWT, to connect with and to read the guest's inbox */
            token: string;
            /** @description The guest, its `sub` */
            user: string;
            /** @description Until when it is good, RFC 3339 in UTC; its `exp` */
            expires_at: string;
        };
        Erased: {
            /** @enum {string} */
            status: "ok";
            user: string;
            /** @description Connections of this node that were closed */
            disconnected: number;
            /** @description How much of each kind; `audiences` is what the name alone was taken out of */
            erased: {
                [key: string]: number;
            };
        };
        ErrorsReply: {
            items: components["schemas"]["Refusal"][];
        };
        EventType: {
            type: string;
            /** @description Short text; by language tag (BCP 47), such as `es` or `pt-BR` */
            title: {
                [key: string]: string;
            };
            /** @description With templates such as `{nombre}` in it; by language tag (BCP 47), such as `es` or `pt-BR` */
            message: {
                [key: string]: string;
            };
            /** @description What happened; of no language where nobody wrote it; by language tag (BCP 47), such as `es` or `pt-BR` */
            description: {
                [key: string]: string;
            };
            /** @description With templates such as `{usuario_id}` in its names */
            audience: components["schemas"]["AudienceReply"];
            /** @enum {string} */
            priority: "low" | "normal" | "high" | "critical";
            /** @description Seconds until it is of no more use; null for never */
            ttl: number | null;
            /** @description Days that it is kept in the log, 0 for ever; null as long as the server keeps the rest */
            retention_days: number | null;
            /** @description The fields that are checked, and what each has to be */
            data: {
                [key: string]: "id" | "string" | "integer" | "number" | "boolean" | "object" | "array" | "date";
            };
            /** @description What stands above several of one group, by how many there are and by language */
            group?: {
                [key: string]: {
                    [key: string]: string;
                };
            };
        };
        Except: {
            /** @description Users who get nothing */
            users?: string[];
        };
        ExceptReply: {
            users: string[];
        };
        Export: {
            user: string;
            /** @description Now, RFC 3339 in UTC */
            at: string;
            presence: components["schemas"]["Here"][];
            /** @description To this node, now */
            connections: components["schemas"]["Connection"][];
            /** @description What the user is in, and from which `seq` on */
            rooms?: {
                [key: string]: unknown;
            }[];
            /** @description Topics that the user follows */
            follows?: {
                [key: string]: unknown;
            }[];
            /** @description Up to which `seq` all is seen, read, archived; and when */
            inbox?: {
                [key: string]: unknown;
            }[];
            /** @description Notifications whose state differs from that */
            states?: {
                [key: string]: unknown;
            }[];
            /** @description What was handed to connections, and confirmed; and when */
            deliveries?: {
                [key: string]: unknown;
            }[];
            /** @description When the user was last here, in milliseconds */
            visits?: {
                [key: string]: unknown;
            }[];
            /** @description What the user answered to notifications */
            answers?: {
                [key: string]: unknown;
            }[];
            /** @description From when on tokens hold, in Unix seconds */
            revocations?: {
                [key: string]: unknown;
            }[];
            /** @description Those that name the user as their audience */
            notifications?: {
                [key: string]: unknown;
            }[];
            /** @description Former versions of such notifications */
            history?: {
                [key: string]: unknown;
            }[];
            /** @description What the user published as an administrator */
            published?: {
                [key: string]: unknown;
            }[];
            /** @description Those that are to be delivered later, or ended before */
            scheduled?: {
                [key: string]: unknown;
            }[];
        };
        FieldProblem: {
            field: string;
            detail: string;
        };
        FollowReply: {
            /** @enum {string} */
            status: "ok";
            topic: string;
            /** @description Whether the user follows it from now on */
            following: boolean;
            /** @description Followed ones and those of the token, now */
            topics: string[];
        };
        Followable: {
            /** @description Its name; with `*` at the end all that begin so */
            topic: string;
            /** @description `anyone`, `backend` for those whom the backend has follow it, or roles */
            follow: ("anyone" | "backend") | string[];
        };
        Followed: {
            topic: string;
            /** @description Since when, RFC 3339 in UTC */
            since: string;
        };
        FollowedTopic: {
            topic: string;
            /** @description Users who follow it, here now or not */
            followers: number;
        };
        FollowedTopicsReply: {
            items: components["schemas"]["FollowedTopic"][];
            /** @description `after` of the next page; null after the last */
            next_after: string | null;
        };
        Follower: {
            user: string;
            /** @description Since when, RFC 3339 in UTC */
            since: string;
            /**
             * @description Whose wish it is that the user follows it
             * @enum {string}
             */
            by: "user" | "backend";
        };
        FollowersReply: {
            topic: string;
            total: number;
            items: components["schemas"]["Follower"][];
            /** @description `after` of the next page; null after the last */
            next_after: string | null;
        };
        Gist: {
            /** @description Its type */
            type: string;
            title: string | null;
            /** @description The first 500 characters of it */
            message: string;
            /** @description Whom it was for */
            audience: components["schemas"]["AudienceReply"];
        };
        Group: {
            group: string | null;
            /** @description What the catalogue says of so many, in the reader's language */
            heading: string | null;
            /** @description How many the user has of it, 1,000 at most */
            count: number;
            /** @description How many of them are unread */
            unread: number;
            newest: components["schemas"]["InboxItem"];
        };
        GroupsReply: {
            items: components["schemas"]["Group"][];
            /** @description `before` of the next page; null after the last */
            next_before: number | null;
            counts: components["schemas"]["Counts"];
        };
        Happened: {
            /**
             * Format: uuid
             * @description The notification that it happened to
             */
            id: string;
            /** @enum {string} */
            action: "published" | "replaced" | "updated" | "retracted" | "scheduled" | "delivered" | "cancelled" | "expired";
            /** @description When, RFC 3339 in UTC */
            at: string;
            /** @description Who did it, as `publisher` has them */
            by: string | null;
            /**
             * Format: uuid
             * @description What took its place, where it is that
             */
            replaced_by: string | null;
            /** @description What one said that was scheduled and not delivered, where it ended that way */
            said?: components["schemas"]["Gist"];
        };
        Head: {
            seq: number;
            cursor: string;
        };
        Here: {
            user: string;
            /** @description Of all connections */
            roles: string[];
            connections: number;
            /** @description When the earliest connection came; null of who is not here */
            since: string | null;
            /** @description Now of who is here, else when the last connection ended; RFC 3339 in UTC */
            last_seen: string | null;
            here: boolean;
        };
        HereTotal: {
            users: number;
            /** @description Of those users */
            connections: number;
        };
        HistoryItem: {
            /**
             * Format: uuid
             * @description The notification that it happened to
             */
            id: string;
            /** @enum {string} */
            action: "published" | "replaced" | "updated" | "retracted" | "scheduled" | "delivered" | "cancelled" | "expired";
            /** @description When, RFC 3339 in UTC */
            at: string;
            /** @description Who did it, as `publisher` has them */
            by: string | null;
            /**
             * Format: uuid
             * @description What took its place, where it is that
             */
            replaced_by: string | null;
            /** @description What one said that was scheduled and not delivered, where it ended that way */
            said?: components["schemas"]["Gist"];
            /** @description Null where it was published */
            before: components["schemas"]["Record"] | null;
        };
        HistoryPage: {
            items: components["schemas"]["Record"][];
            /** @description `before` of the next page; null after the last, and with `after` */
            next_before: number | null;
            /** @description `after` of the next page; null after the last, and without `after` */
            next_after: number | null;
            /** @description What has the `seq` or the id that `q` is, wherever it stands in the log; in the first page alone */
            exact: components["schemas"]["Record"] | null;
        };
        HistoryReply: {
            items: components["schemas"]["HistoryItem"][];
        };
        InboxItem: {
            /** @description The newest of this key and audience takes the place of the one before */
            collapse_key?: string;
            /** @description What an inbox puts together under one heading */
            group?: string;
            /** @description What its reader can do about it */
            actions?: components["schemas"]["ActionReply"][];
            /** @description The https address of a picture */
            image?: string;
            /** @description The name of an icon, or the https address of one */
            icon?: string;
            /** @description What kind of notification it is to its reader */
            category?: string;
            /** @description How often it was changed since it was published */
            revision?: number;
            /** @description When it was changed last, RFC 3339 in UTC */
            updated_at?: string;
            /** @description Id of the notification whose place it took */
            replaces?: string;
            /** @description Id of the first of those that took each other's place */
            thread?: string;
            /**
             * Format: uuid
             * @description Identity (UUIDv7)
             */
            id: string;
            type: string;
            title: string | null;
            message: string;
            data: {
                [key: string]: unknown;
            };
            /** @description When it was accepted, RFC 3339 in UTC */
            timestamp: string;
            /** @enum {string} */
            priority: "low" | "normal" | "high" | "critical";
            link: string | null;
            /** @description Who caused it */
            actor: components["schemas"]["Actor"] | null;
            expires_at: string | null;
            /** @description The trace that it belongs to, where the publisher named one */
            traceparent?: string;
            /** @description Its place in the log */
            seq: number;
            cursor: string;
            replayed: boolean;
            seen: boolean;
            read: boolean;
            archived: boolean;
            /** @description What the user answered; only where that is so */
            answered?: components["schemas"]["Answered"];
        };
        InboxPage: {
            items: components["schemas"]["InboxItem"][];
            /** @description `before` of the next page; null after the last */
            next_before: number | null;
            counts: components["schemas"]["Counts"];
        };
        Key: {
            name: string;
            /** @description The name that its notifications bear in `publisher` */
            publisher: string;
            /**
             * @description `stored`: made by `sio-server keys`. `settings`: of `SIO_SERVER_PUBLISH_KEYS`
             * @enum {string}
             */
            kind: "stored" | "settings";
            /** @enum {string} */
            state: "active" | "over";
            scope: components["schemas"]["Scope"];
            /** @description Notifications a second; null is what the settings say */
            rate: number | null;
            /** @description When it was made; null for one of the settings, RFC 3339 in UTC */
            created_at: string | null;
            /** @description When it is over; null never, RFC 3339 in UTC */
            expires_at: string | null;
            /** @description When it was last used; null where it was not, as far as is known, RFC 3339 in UTC */
            last_used_at: string | null;
            /** @description Publishes it had accepted since the start of this process */
            published: number;
            /** @description Those that are good, the newest last */
            secrets: components["schemas"]["Secret"][];
        };
        KeysReply: {
            items: components["schemas"]["Key"][];
        };
        KnownRoom: {
            room: string;
            /** @description What is published to it above this `seq` is for the user */
            from_seq: number;
            /** @description Since when the user's tokens do not name it any more; after a day it is forgotten */
            missing_since: string | null;
            /** @description Since when the user follows the topic whose room it is */
            followed_since: string | null;
        };
        Leg: {
            /** @description Its id; null where it is gone */
            id: string | null;
            /** @enum {string|null} */
            protocol: "socketio" | "ws" | "sse" | null;
            /** @enum {string|null} */
            transport: "polling" | "websocket" | "http" | null;
            /** @description When it was made */
            since: string | null;
            ended_at: string | null;
            /** @description Why it ended, `unknown` after a crash; null while it is here */
            ended: string | null;
            /**
             * @description `live`: handed as it was published. `replayed`: handed on the way from a cursor to live. `replaying`: on that way, and not so far. `claimed`: it came back from a place beyond it. `before_connection`: it was made later, and asked for nothing from before. `other_rooms`: its token names none of the rooms
             * @enum {string}
             */
            state: "live" | "replayed" | "replaying" | "claimed" | "before_connection" | "other_rooms";
            /** @description When; of a replay, when the connection began */
            handed_at: string | null;
            acknowledged_at: string | null;
            queued_bytes: number | null;
        };
        Mark: {
            ids?: string[];
            all?: boolean;
            /** @description Those that were published with this group */
            group?: string;
            /** @description With all: no further than this seq */
            up_to?: number;
        };
        Marked: {
            /** @enum {string} */
            status: "ok";
            /** @enum {string} */
            action: "seen" | "read" | "unread" | "archive" | "unarchive";
            /** @description Those that changed, of the ids that were given */
            ids: string[];
            /** @description Unknown, expired or somebody else's */
            ignored: string[];
            /** @description The `seq` that a change of all reached; null for ids */
            up_to: number | null;
            counts: components["schemas"]["Counts"];
        };
        May: {
            /** @description Look at the whole server */
            observe: boolean;
            publish: boolean;
            /** @description Close connections and let guests in */
            operate: boolean;
        };
        Nameless: {
            /** @description What `/v1/connections/{id}/disconnect` takes; good for nothing else */
            id: string;
            /** @enum {string} */
            protocol: "socketio" | "ws" | "sse";
            /** @enum {string} */
            transport: "polling" | "websocket" | "http";
            /** @description When it was made, RFC 3339 in UTC */
            since: string;
            /** @description The peer's address */
            address: string;
            /** @description Its User-Agent, at most 200 characters of it */
            client: string;
            /** @description What it gets: `all`, `role:…`, `user:…`, `topic:…` */
            rooms: string[];
            /** @description Bytes that wait for it to take them */
            queued_bytes: number;
            /** @description Whether it is still on its way from a cursor to live */
            replaying: boolean;
            roles: string[];
            topics: string[];
        };
        Node: {
            /** @description Drawn anew at each start */
            name: string;
            version: string;
            /** @description Where other nodes reach it; null where they cannot, and the balancer has to keep clients at one */
            address: string | null;
            /** @description RFC 3339 in UTC */
            started_at: string;
            /** @description In seconds */
            uptime: number;
            connections: number;
            /** @description The position that was last announced to it */
            seq: number;
            /** @description How many positions it is behind the one that is furthest */
            lag: number;
            /** @description Whether it lets its clients go, since it ends */
            draining: boolean;
            /** @description Whether it is the one that answers this */
            answers: boolean;
        };
        NodesReply: {
            items: components["schemas"]["Node"][];
        };
        Observed: {
            items: components["schemas"]["ObservedItem"][];
            /** @description Taken back, `items` of the same bundle included; only where some were */
            removed?: components["schemas"]["ObservedRemoval"][];
        };
        ObservedItem: {
            /** @description The newest of this key and audience takes the place of the one before */
            collapse_key?: string;
            /** @description What an inbox puts together under one heading */
            group?: string;
            /** @description What its reader can do about it */
            actions?: components["schemas"]["ActionReply"][];
            /** @description The https address of a picture */
            image?: string;
            /** @description The name of an icon, or the https address of one */
            icon?: string;
            /** @description What kind of notification it is to its reader */
            category?: string;
            /** @description How often it was changed since it was published */
            revision?: number;
            /** @description When it was changed last, RFC 3339 in UTC */
            updated_at?: string;
            /** @description Id of the notification whose place it took */
            replaces?: string;
            /** @description Id of the first of those that took each other's place */
            thread?: string;
            /**
             * Format: uuid
             * @description Identity (UUIDv7)
             */
            id: string;
            type: string;
            title: string | null;
            message: string;
            data: {
                [key: string]: unknown;
            };
            /** @description When it was accepted, RFC 3339 in UTC */
            timestamp: string;
            /** @enum {string} */
            priority: "low" | "normal" | "high" | "critical";
            link: string | null;
            /** @description Who caused it */
            actor: components["schemas"]["Actor"] | null;
            expires_at: string | null;
            /** @description The trace that it belongs to, where the publisher named one */
            traceparent?: string;
            /** @description Its place in the log */
            seq: number;
            cursor: string;
            /** @description Whom it is for */
            audience: components["schemas"]["AudienceReply"];
            /** @description Which part of the backend it is from */
            source: string | null;
            /** @description Who published it: `key:` and the name of a key, `key-` and 8 digits for one of the settings, `admin:` and a user, or `development`; null where that was not noted yet */
            publisher: string | null;
            /** @description What is said otherwise in other languages, by language tag: members of this; only where anything is */
            texts?: {
                [key: string]: {
                    [key: string]: unknown;
                };
            };
            /**
             * @description Only on what is not kept in the log
             * @enum {boolean}
             */
            persist?: false;
            /** @description Connections of this node it was handed to */
            sockets: number;
        };
        ObservedRemoval: {
            /**
             * Format: uuid
             * @description The notification
             */
            id: string;
            /** @description The place in the log of this word */
            seq: number;
            cursor: string;
            /** @description Connections of this node that were told */
            sockets: number;
        };
        Online: {
            users: number;
            sockets: number;
        };
        Pass: {
            /** @description Opaque; of letters, digits, `-` and `_` */
            pass: string;
            /** @description The guest */
            user: string;
            /** @description Until when it is good, RFC 3339 in UTC */
            expires_at: string;
        };
        PassRequest: {
            /** @description A guest whom another pass named; a new one where it is left out */
            user?: string;
        };
        Percentiles: {
            p50: number;
            p95: number;
            p99: number;
            /** @description Publishes they are of */
            count: number;
        };
        PlanTrace: {
            /** @enum {string} */
            status: "scheduled" | "cancelled" | "replaced" | "expired";
            /** @description When it is, or was to be, delivered, RFC 3339 in UTC */
            due: string;
            /** @description When it was scheduled */
            scheduled_at: string;
            /** @description Who scheduled it */
            by: string;
            /** @description Null once it does not wait any more */
            notification: components["schemas"]["WaitingReply"] | null;
            /** @description False */
            stored: boolean;
            /** @description Who answered */
            node: string;
            /** @description Null: it was handed to nobody */
            sockets: number | null;
            /** @description Empty */
            steps: components["schemas"]["TraceStep"][];
            /** @description Null */
            receipts: components["schemas"]["Receipts"] | null;
            /** @description Null */
            user: components["schemas"]["UserTrace"] | null;
            /** @description That it was scheduled, and how that ended */
            history: components["schemas"]["Happened"][];
        };
        Planned: {
            /** @enum {string} */
            status: "scheduled";
            /**
             * Format: uuid
             * @description Identity of the notification (UUIDv7), also once it is delivered
             */
            id: string;
            type: string;
            /** @description When it is delivered, RFC 3339 in UTC */
            due: string;
            /** @description Whether an earlier publish with this key was it */
            duplicate: boolean;
            warnings: string[];
            /**
             * Format: uuid
             * @description The scheduled one of its key and audience whose place it took
             */
            replaces?: string;
        };
        PresenceReply: {
            items: components["schemas"]["Here"][];
            /** @description `after` of the next page; null after the last */
            next_after: string | null;
            total: components["schemas"]["HereTotal"];
        };
        PreviewReply: {
            /** @description With the catalogue's templates filled */
            audience: components["schemas"]["AudienceReply"];
            /** @description Users it names, and those who were seen in its rooms */
            users: number;
            /** @description The first 50 of these users by name */
            first: components["schemas"]["Reached"][];
            online: components["schemas"]["Online"];
            /** @description Fields of `data` without which a part of the audience is empty */
            missing: string[];
            warnings: string[];
            title: string | null;
            /** @description As it would be published: its own, else the catalogue's with `data` in it */
            message: string;
            /** @enum {string} */
            priority: "low" | "normal" | "high" | "critical";
            /** @description What it would say otherwise in other languages, by language tag: `title`, `message`, `actions`; only where anything is */
            texts?: {
                [key: string]: {
                    [key: string]: unknown;
                };
            };
        };
        Problem: {
            type: string;
            title: string;
            status: number;
            /** @description Stable; never translated */
            code: string;
            detail: string;
            retryable: boolean;
            /** @description Seconds after which it may succeed; as the header Retry-After */
            retry_after?: number;
            errors?: components["schemas"]["FieldProblem"][];
            /** @description The known event type whose name is nearest */
            nearest?: string;
            /** @description How to have it accepted: what to write, and where; for people */
            mend?: string;
            request_id?: string;
            /** @description Over HTTP: the page about this code, on the same server */
            help?: string;
        };
        Publish: {
            /** @description The newest of this key and the same audience takes the place of the one before */
            collapse_key?: string | null;
            /** @description What an inbox puts together under one heading */
            group?: string | null;
            /** @description What its reader can do about it */
            actions?: components["schemas"]["Action"][] | null;
            /** @description The https address of a picture */
            image?: string | null;
            /** @description The name of an icon that the client has, or the https address of one */
            icon?: string | null;
            /** @description What kind of notification it is to its reader */
            category?: string | null;
            /** @description Title and message by language; each reader gets them in the language of the connection */
            texts?: {
                [key: string]: {
                    title?: string;
                    message?: string;
                };
            } | null;
            /** @description When it is delivered, RFC 3339 with a zone; at once where left out */
            deliver_at?: string | null;
            /** @description Seconds from now after which it is delivered; in place of `deliver_at` */
            deliver_in?: number | null;
            /** @description Event type of the catalogue */
            type: string;
            /** @description Text; the catalogue's where left out */
            message?: string | null;
            /** @description Fields of the event; known ones are checked by the catalogue */
            data?: {
                [key: string]: unknown;
            } | null;
            /** @description Short text above the message */
            title?: string | null;
            /** @description Who gets it; the catalogue's audience where left out */
            audience?: components["schemas"]["Audience"] | null;
            /** @description Who caused it */
            actor?: components["schemas"]["Actor"] | null;
            /** @description Where a click leads: a path or an http(s) address */
            link?: string | null;
            /**
             * @description The type's where left out
             * @enum {string|null}
             */
            priority?: "low" | "normal" | "high" | "critical" | null;
            /** @description Seconds until it is of no more use */
            ttl?: number | null;
            /** @description Whether it is kept in the log; if not, only who is connected gets it */
            persist?: boolean | null;
            /** @description The same key with the same body publishes once; also the header Idempotency-Key */
            idempotency_key?: string | null;
            /** @description Which part of the backend this is from */
            source?: string | null;
            /** @description The trace that it belongs to (W3C Trace Context); receivers get it */
            traceparent?: string | null;
        } & {
            [key: string]: unknown;
        };
        PublishNumbers: {
            accepted: number;
            duplicates: number;
        };
        Reached: {
            user: string;
            /** @description Whether connected now, to whichever node */
            online: boolean;
        };
        Receipts: {
            /** @description Users it is for, as far as they are known */
            targeted: number;
            /** @description A connection of theirs was handed it */
            sent: number;
            /** @description A client of theirs confirmed it */
            acknowledged: number;
            seen: number;
            read: number;
            users: components["schemas"]["UserReceipt"][];
            /** @description `after` of the next users; null after the last */
            next_after: string | null;
        };
        Recent: {
            /** @description Seconds between two samples */
            step: number;
            samples: components["schemas"]["Sample"][];
        };
        Recipients: {
            /** @description Connections of this node it was handed to */
            sockets: number;
        };
        Record: {
            /** @description The newest of this key and audience takes the place of the one before */
            collapse_key?: string;
            /** @description What an inbox puts together under one heading */
            group?: string;
            /** @description What its reader can do about it */
            actions?: components["schemas"]["ActionReply"][];
            /** @description The https address of a picture */
            image?: string;
            /** @description The name of an icon, or the https address of one */
            icon?: string;
            /** @description What kind of notification it is to its reader */
            category?: string;
            /** @description How often it was changed since it was published */
            revision?: number;
            /** @description When it was changed last, RFC 3339 in UTC */
            updated_at?: string;
            /** @description Id of the notification whose place it took */
            replaces?: string;
            /** @description Id of the first of those that took each other's place */
            thread?: string;
            /**
             * Format: uuid
             * @description Identity (UUIDv7)
             */
            id: string;
            type: string;
            title: string | null;
            message: string;
            data: {
                [key: string]: unknown;
            };
            /** @description When it was accepted, RFC 3339 in UTC */
            timestamp: string;
            /** @enum {string} */
            priority: "low" | "normal" | "high" | "critical";
            link: string | null;
            /** @description Who caused it */
            actor: components["schemas"]["Actor"] | null;
            expires_at: string | null;
            /** @description The trace that it belongs to, where the publisher named one */
            traceparent?: string;
            /** @description Its place in the log */
            seq: number;
            cursor: string;
            /** @description Whom it is for */
            audience: components["schemas"]["AudienceReply"];
            /** @description Which part of the backend it is from */
            source: string | null;
            /** @description Who published it: `key:` and the name of a key, `key-` and 8 digits for one of the settings, `admin:` and a user, or `development`; null where that was not noted yet */
            publisher: string | null;
            /** @description What is said otherwise in other languages, by language tag: members of this; only where anything is */
            texts?: {
                [key: string]: {
                    [key: string]: unknown;
                };
            };
        };
        RecordReply: {
            /** @description The newest of this key and audience takes the place of the one before */
            collapse_key?: string;
            /** @description What an inbox puts together under one heading */
            group?: string;
            /** @description What its reader can do about it */
            actions?: components["schemas"]["ActionReply"][];
            /** @description The https address of a picture */
            image?: string;
            /** @description The name of an icon, or the https address of one */
            icon?: string;
            /** @description What kind of notification it is to its reader */
            category?: string;
            /** @description How often it was changed since it was published */
            revision?: number;
            /** @description When it was changed last, RFC 3339 in UTC */
            updated_at?: string;
            /** @description Id of the notification whose place it took */
            replaces?: string;
            /** @description Id of the first of those that took each other's place */
            thread?: string;
            /**
             * Format: uuid
             * @description Identity (UUIDv7)
             */
            id: string;
            type: string;
            title: string | null;
            message: string;
            data: {
                [key: string]: unknown;
            };
            /** @description When it was accepted, RFC 3339 in UTC */
            timestamp: string;
            /** @enum {string} */
            priority: "low" | "normal" | "high" | "critical";
            link: string | null;
            /** @description Who caused it */
            actor: components["schemas"]["Actor"] | null;
            expires_at: string | null;
            /** @description The trace that it belongs to, where the publisher named one */
            traceparent?: string;
            /** @description Its place in the log */
            seq: number;
            cursor: string;
            /** @description Whom it is for */
            audience: components["schemas"]["AudienceReply"];
            /** @description Which part of the backend it is from */
            source: string | null;
            /** @description Who published it: `key:` and the name of a key, `key-` and 8 digits for one of the settings, `admin:` and a user, or `development`; null where that was not noted yet */
            publisher: string | null;
            /** @description What is said otherwise in other languages, by language tag: members of this; only where anything is */
            texts?: {
                [key: string]: {
                    [key: string]: unknown;
                };
            };
            /** @enum {string} */
            status: "stored" | "replaced" | "retracted";
            /**
             * Format: uuid
             * @description What took its place, where something did
             */
            replaced_by?: string;
            /** @description Null for one that has left the log */
            receipts: components["schemas"]["Receipts"] | null;
            /** @description How many users chose which of its actions, by the action's id, the most chosen first; while it is stored */
            answers?: {
                [key: string]: number;
            };
        };
        Redeem: {
            /** @description A pass, as `POST /v1/passes` gave it */
            pass: string;
        };
        Refusal: {
            /** @description RFC 3339 in UTC */
            at: string;
            code: string;
            status: number;
            /** @description In the reader's language, at most 300 characters */
            detail: string;
            /** @description `CONNECT` for a connection, `EVENT` for an event */
            method: string;
            path: string;
            /** @description The client's, as trusted proxies tell it */
            address: string;
            request_id: string | null;
        };
        Retracted: {
            /** @enum {string} */
            status: "ok";
            /** Format: uuid */
            id: string;
            /** @description The place in the log of the word of it */
            seq?: number;
            /** @description The same as a client keeps it */
            cursor?: string;
            /** @description It has left the log */
            removed?: boolean;
            /** @description It was scheduled, and is delivered to nobody */
            cancelled?: boolean;
        };
        Sample: {
            /** @description Unix seconds */
            at: number;
            connections: number;
            users: number;
            published: number;
            delivered: number;
            refused: number;
            latency_ms: components["schemas"]["SampleLatency"] | null;
        };
        SampleLatency: {
            p50: number;
            p95: number;
        };
        ScheduledPage: {
            items: components["schemas"]["ScheduledRecord"][];
            /** @description `after` of the next page; null after the last */
            next_after: string | null;
        };
        ScheduledRecord: {
            /** @description The newest of this key and audience takes the place of the one before */
            collapse_key?: string;
            /** @description What an inbox puts together under one heading */
            group?: string;
            /** @description What its reader can do about it */
            actions?: components["schemas"]["ActionReply"][];
            /** @description The https address of a picture */
            image?: string;
            /** @description The name of an icon, or the https address of one */
            icon?: string;
            /** @description What kind of notification it is to its reader */
            category?: string;
            /** @description How often it was changed since it was published */
            revision?: number;
            /** @description When it was changed last, RFC 3339 in UTC */
            updated_at?: string;
            /** @description Id of the notification whose place it took */
            replaces?: string;
            /** @description Id of the first of those that took each other's place */
            thread?: string;
            /**
             * Format: uuid
             * @description Identity (UUIDv7)
             */
            id: string;
            type: string;
            title: string | null;
            message: string;
            data: {
                [key: string]: unknown;
            };
            /** @description When it was accepted, RFC 3339 in UTC */
            timestamp: string;
            /** @enum {string} */
            priority: "low" | "normal" | "high" | "critical";
            link: string | null;
            /** @description Who caused it */
            actor: components["schemas"]["Actor"] | null;
            expires_at: string | null;
            /** @description The trace that it belongs to, where the publisher named one */
            traceparent?: string;
            /** @description Whom it is for */
            audience: components["schemas"]["AudienceReply"];
            /** @description Which part of the backend it is from */
            source: string | null;
            /** @description Who published it */
            publisher: string | null;
            /** @description False where it is not to be kept in the log */
            persist?: boolean;
            /** @description When it is delivered, RFC 3339 in UTC */
            due: string;
            /** @description When it was scheduled */
            scheduled_at: string;
            /** @description Who scheduled it */
            by: string;
        };
        Scope: {
            publish: boolean;
            /** @description Look at the whole server */
            observe: boolean;
            /** @description Close connections and let guests in */
            operate: boolean;
            /** @description Event types that it may publish, with `*` for any characters; null is no limit */
            types: string[] | null;
            /** @description Roles that an audience of it may name; null is no limit */
            roles: string[] | null;
            /** @description Topics that an audience of it may name; null is no limit */
            topics: string[] | null;
            /** @description Whether an audience of it may name single users */
            users: boolean;
            /** @description Whether an audience of it may be everybody */
            everybody: boolean;
        };
        Secret: {
            /** @description How the key begins */
            hint: string;
            /** @description RFC 3339 in UTC */
            created_at: string;
            /** @description When it is over; null where it is not replaced, RFC 3339 in UTC */
            ends_at: string | null;
            /** @description When it was last used; null where it was not, as far as is known, RFC 3339 in UTC */
            last_used_at: string | null;
        };
        Session: {
            version: string;
            /** @description Whether everybody may do everything */
            development: boolean;
            /** @description The language of messages that publishers leave out */
            locale: string;
            /**
             * @description What the request came with; null where it came with nothing
             * @enum {string|null}
             */
            credential: "development" | "key" | "token" | null;
            /** @description Whose token it is */
            user: string | null;
            roles: string[];
            /** @description What the caller should know of the token; only where there is any */
            warnings?: components["schemas"]["Warning"][];
            /** @description The name under which the caller publishes; null who may not */
            publisher: string | null;
            may: components["schemas"]["May"];
            /** @description When this process started, RFC 3339 in UTC */
            started_at: string;
            /** @description Now, RFC 3339 in UTC */
            server_time: string;
            /** @description Largest body of one notification in bytes */
            max_body: number;
            /** @description What the key allows; only for a key */
            scope?: components["schemas"]["Scope"];
            /** @description How this request came; only for who may observe */
            way?: components["schemas"]["Way"];
        };
        Stats: {
            connections: components["schemas"]["ConnectionNumbers"];
            users: components["schemas"]["UserNumbers"];
            publishes: components["schemas"]["PublishNumbers"];
            /** @description Publications times the connections they were handed to */
            deliveries: number;
            head: components["schemas"]["Head"];
            /** @description Seconds */
            uptime: number;
            draining: boolean;
            /** @description Requests and connections that were refused */
            refused: number;
            /** @description Bytes that wait for all peers to take them */
            queued_bytes: number;
            /** @description From a publish whose body was read to the moment it is in the log and handed to the sockets; of the last 10 seconds and the one under way; null without a publish */
            latency_ms: components["schemas"]["Percentiles"] | null;
            version: string;
            /** @description Name of the machine */
            node: string;
            /** @description How many nodes these numbers are of */
            nodes: number;
        };
        Ticket: {
            /** @description `ticket` in the query of `/ws` or `/v1/stream`; of letters, digits, `-` and `_` */
            ticket: string;
            /** @description Seconds that it is good for: 30, or what its token has */
            expires_in: number;
        };
        TopicsReply: {
            items: components["schemas"]["Followed"][];
            /** @description Names of topics, with `*` at the end for all that begin so, as the catalogue has them */
            may_follow: string[];
        };
        Trace: {
            notification: components["schemas"]["Record"];
            /** @description Whether it is in the log: not so with `persist: false`, and once it was replaced or taken back */
            stored: boolean;
            /** @description Whose connections and steps these are */
            node: string;
            /** @description To how many connections of this node it was handed at once; null where that is not known */
            sockets: number | null;
            steps: components["schemas"]["TraceStep"][];
            /** @description Null where not stored */
            receipts: components["schemas"]["Receipts"] | null;
            /** @description Null without `user`; of what was replaced or taken back, what this node knows of the user */
            user: components["schemas"]["UserTrace"] | null;
            /** @description What became of it and of those that took each other's place, oldest first */
            history: components["schemas"]["Happened"][];
        };
        TraceStep: {
            /**
             * @description `accepted`: its publish was read. `committed`: the log took it. `announced`: it is on the disk, and this node heard. `handed`: this node had given it to the last of its connections. `first_acknowledged`, `last_acknowledged`: clients confirmed it, where all of them are in this page of `receipts`. `first_answered`, `last_answered`: users chose one of its actions; only where some did
             * @enum {string}
             */
            step: "accepted" | "committed" | "announced" | "handed" | "first_acknowledged" | "last_acknowledged" | "first_answered" | "last_answered";
            /** @description When, RFC 3339 in UTC; null where it is not known, as of this node before its last start */
            at: string | null;
            /** @description Milliseconds after `accepted`; null where `at` is */
            after_ms: number | null;
        };
        UserAnswer: {
            /** @description Its id */
            action: string;
            /** @description RFC 3339 in UTC */
            at: string;
            user: string;
        };
        UserFollowReply: {
            /** @enum {string} */
            status: "ok";
            topic: string;
            /** @description Whether the user follows it from now on */
            following: boolean;
            /** @description What the user follows now */
            topics: string[];
            user: string;
        };
        UserFollowed: {
            topic: string;
            /** @description Since when, RFC 3339 in UTC */
            since: string;
            /**
             * @description Whose wish it is that the user follows it
             * @enum {string}
             */
            by: "user" | "backend";
        };
        UserNumbers: {
            total: number;
            by_role: {
                [key: string]: number;
            };
        };
        UserReceipt: {
            user: string;
            sent: boolean;
            acknowledged: boolean;
            seen: boolean;
            read: boolean;
            /** @description When it was first handed to a connection, RFC 3339 in UTC; null where it was not, or where the moment is not known any more */
            sent_at: string | null;
            /** @description When a client first confirmed it, RFC 3339 in UTC; null where it was not, or where the moment is not known any more */
            acknowledged_at: string | null;
            /** @description When it was first seen, RFC 3339 in UTC; null where it was not, or where the moment is not known any more */
            seen_at: string | null;
            /** @description When it was read, RFC 3339 in UTC; null where it was not, or where the moment is not known any more */
            read_at: string | null;
            /** @description Which action was chosen; null for none */
            answered: components["schemas"]["Answered"] | null;
        };
        UserTopicsReply: {
            user: string;
            items: components["schemas"]["UserFollowed"][];
        };
        UserTrace: {
            user: string;
            /**
             * @description The answer as a stable code
             * @enum {string}
             */
            verdict: "read" | "archived" | "seen" | "acknowledged" | "sent" | "replaying" | "claimed" | "before_connection" | "other_rooms" | "elsewhere" | "offline" | "never_connected" | "revoked" | "token_expired" | "expired" | "excepted" | "not_yet_seen" | "not_yet_followed" | "spelling_addressed" | "spelling_connected" | "unknown_alike" | "unknown" | "guest" | "not_addressed" | "passing_sent" | "passing_missed" | "gone_sent" | "gone_unknown" | "gone_missed" | "passing_unknown";
            /** @description The answer as a sentence, in the language that was asked for */
            text: string;
            /** @description Whether this user has ever connected, as far as is known */
            known: boolean;
            /** @description Whether the user is connected now, to whichever node */
            online: boolean;
            /** @description Rooms by which it is for the user */
            matched: string[];
            excepted: boolean;
            /** @description The user's rooms, as last seen */
            rooms: components["schemas"]["KnownRoom"][];
            /** @description Known users whose names differ in case, in spaces or in zeros before them */
            alike: string[];
            /** @description The user's tokens of before this moment are refused */
            tokens_before: string | null;
            expired: boolean;
            sent: boolean;
            sent_at: string | null;
            acknowledged: boolean;
            acknowledged_at: string | null;
            seen: boolean;
            seen_at: string | null;
            read: boolean;
            read_at: string | null;
            archived: boolean;
            /** @description What the user answered; null for nothing */
            answered: components["schemas"]["Answered"] | null;
            /** @description Those to this node, and the last ones of before that were handed it */
            connections: components["schemas"]["Leg"][];
        };
        UsersReply: {
            /** @description All of them, however many are in this page */
            total: number;
            users: components["schemas"]["ConnectedUser"][];
            /** @description `after` of the next page; null after the last */
            next_after: string | null;
            /** @description The first connections without a name, `limit` at most; in the first page alone */
            nameless: components["schemas"]["Nameless"][];
            /** @description All of those */
            nameless_total: number;
        };
        WaitingReply: {
            /** @description The newest of this key and audience takes the place of the one before */
            collapse_key?: string;
            /** @description What an inbox puts together under one heading */
            group?: string;
            /** @description What its reader can do about it */
            actions?: components["schemas"]["ActionReply"][];
            /** @description The https address of a picture */
            image?: string;
            /** @description The name of an icon, or the https address of one */
            icon?: string;
            /** @description What kind of notification it is to its reader */
            category?: string;
            /** @description How often it was changed since it was published */
            revision?: number;
            /** @description When it was changed last, RFC 3339 in UTC */
            updated_at?: string;
            /** @description Id of the notification whose place it took */
            replaces?: string;
            /** @description Id of the first of those that took each other's place */
            thread?: string;
            /**
             * Format: uuid
             * @description Identity (UUIDv7)
             */
            id: string;
            type: string;
            title: string | null;
            message: string;
            data: {
                [key: string]: unknown;
            };
            /** @description When it was accepted, RFC 3339 in UTC */
            timestamp: string;
            /** @enum {string} */
            priority: "low" | "normal" | "high" | "critical";
            link: string | null;
            /** @description Who caused it */
            actor: components["schemas"]["Actor"] | null;
            expires_at: string | null;
            /** @description The trace that it belongs to, where the publisher named one */
            traceparent?: string;
            /** @description Whom it is for */
            audience: components["schemas"]["AudienceReply"];
            /** @description Which part of the backend it is from */
            source: string | null;
            /** @description Who published it */
            publisher: string | null;
            /** @description False where it is not to be kept in the log */
            persist?: boolean;
            /** @description When it is delivered, RFC 3339 in UTC */
            due: string;
            /** @description When it was scheduled */
            scheduled_at: string;
            /** @description Who scheduled it */
            by: string;
            /** @enum {string} */
            status: "scheduled";
            /** @description Null: nobody was to get it yet */
            receipts: {
                [key: string]: unknown;
            } | null;
        };
        Warning: {
            /**
             * @description Stable, for programs
             * @enum {string}
             */
            code: "roles_elsewhere" | "expiry_in_milliseconds";
            /** @description What seems wrong and the mend, in the language asked for */
            detail: string;
        };
        Way: {
            /** @description The client's own, whom a trusted proxy names */
            address: string;
            /** @description The other end of the connection; empty for a Unix socket */
            peer: string;
            /** @description Whether that connection is TLS */
            secure: boolean;
            /** @description Whether the other end is a trusted proxy */
            trusted: boolean;
            /** @description Whether a header shows that a proxy passed it on */
            proxied: boolean;
            /** @description Whether X-Forwarded-For came with it */
            forwarded_for: boolean;
            /** @description What X-Forwarded-Proto says, believed or not */
            forwarded_proto: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
