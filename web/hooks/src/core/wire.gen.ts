// What is said on live connections, and of the inbox over HTTP, written by `npm run generate` from the server's schemas.
// Change those, not this file.

export interface components {
    schemas: {
        Ack: {
            seq: number;
        };
        Act: {
            /** @description Id of one of its actions */
            action: string;
            /** @description Id of the notification */
            id: string;
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
        Answered: {
            /** @description Its id */
            action: string;
            /** @description RFC 3339 in UTC */
            at: string;
        };
        AnsweredEvent: {
            /** @description Its id */
            action: string;
            /** @description RFC 3339 in UTC */
            at: string;
            /** @description The notification */
            id: string;
        };
        Answering: {
            /** @enum {boolean} */
            ok: true;
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
        Answers: {
            "ns:ack": components["schemas"]["Done"];
            "ns:auth": components["schemas"]["Renewed"];
            "ns:locale": components["schemas"]["Speaking"];
            "ns:observe": components["schemas"]["Observing"];
            "ns:follow": components["schemas"]["Following"];
            "ns:unfollow": components["schemas"]["Following"];
            "ns:presence": components["schemas"]["Watching"];
            "ns:act": components["schemas"]["Answering"];
            "ns:seen": components["schemas"]["Changed"];
            "ns:read": components["schemas"]["Changed"];
            "ns:unread": components["schemas"]["Changed"];
            "ns:archive": components["schemas"]["Changed"];
            "ns:unarchive": components["schemas"]["Changed"];
            notify: components["schemas"]["Published"];
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
        AuthExpiring: {
            expires_in_ms: number;
        };
        Changed: {
            /** @enum {boolean} */
            ok: true;
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
        ClientEvents: {
            "ns:ack": components["schemas"]["Ack"];
            "ns:auth": components["schemas"]["Token"];
            "ns:locale": components["schemas"]["Locale"];
            "ns:observe": components["schemas"]["Observe"];
            "ns:follow": components["schemas"]["Topic"];
            "ns:unfollow": components["schemas"]["Topic"];
            "ns:presence": components["schemas"]["Watch"];
            "ns:act": components["schemas"]["Act"];
            "ns:seen": components["schemas"]["Mark"];
            "ns:read": components["schemas"]["Mark"];
            "ns:unread": components["schemas"]["Mark"];
            "ns:archive": components["schemas"]["Mark"];
            "ns:unarchive": components["schemas"]["Mark"];
            notify: components["schemas"]["Publish"];
        };
        Closing: {
            /** @description Stable; never translated */
            code: string;
            /** @description Whether it is of use to come back */
            reconnect: boolean;
            /** @description Of a connection over `/ws` that was not let in */
            error?: components["schemas"]["Problem"];
        };
        Counts: {
            unread: number;
            unseen: number;
            /** @description They count what came up to here; live items come on top */
            at_seq: number;
        };
        Done: {
            /** @enum {boolean} */
            ok: true;
        };
        Draining: {
            retry_in_ms: number;
        };
        Except: {
            /** @description Users who get nothing */
            users?: string[];
        };
        ExceptReply: {
            users: string[];
        };
        FieldProblem: {
            field: string;
            detail: string;
        };
        Following: {
            /** @enum {boolean} */
            ok: true;
            topic: string;
            /** @description Whether the user follows it from now on */
            following: boolean;
            /** @description Followed ones and those of the token, now */
            topics: string[];
        };
        Hello: {
            user: string | null;
            roles: string[];
            /** @description Those of the token, and those followed */
            topics: string[];
            /** @description The language tag in which it gets texts */
            locale: string;
            /** @description The position that the connection starts at */
            cursor: string;
            /** @description Whether all after the client's own cursor will come */
            recovered: boolean;
            /** @description Only where there is a user */
            counts?: components["schemas"]["Counts"];
            /** @description Now, RFC 3339 in UTC */
            server_time: string;
            limits: components["schemas"]["Limits"];
            /** @description What the client should know of its token; only where there is any */
            warnings?: components["schemas"]["Warning"][];
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
        Limits: {
            /** @description Largest body of one notification in bytes */
            max_body: number;
        };
        Locale: {
            /** @description A language tag (RFC 5646), `es` or `pt-BR` */
            locale: string;
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
        Observe: {
            on: boolean;
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
        Observing: {
            /** @enum {boolean} */
            ok: true;
            seq: number;
            cursor: string;
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
        Published: {
            /** @enum {string} */
            status: "ok" | "scheduled";
            /**
             * Format: uuid
             * @description Identity of the notification (UUIDv7)
             */
            id: string;
            /** @description Its place in the log */
            seq?: number;
            /** @description The same as a client keeps it */
            cursor?: string;
            type: string;
            recipients?: components["schemas"]["Recipients"];
            /** @description Whether an earlier publish with this key was it */
            duplicate: boolean;
            warnings: string[];
            /**
             * Format: uuid
             * @description The one of its key and audience whose place it took
             */
            replaces?: string;
            /** @enum {boolean} */
            ok: true;
            /** @description When it is delivered, RFC 3339 in UTC */
            due?: string;
        };
        Recipients: {
            /** @description Connections of this node it was handed to */
            sockets: number;
        };
        Refused: {
            /** @enum {boolean} */
            ok: false;
            /** @enum {string} */
            status: "error";
            error: components["schemas"]["Problem"];
        };
        Renewed: {
            /** @enum {boolean} */
            ok: true;
            /** @description Unix seconds */
            expires_at: number | null;
            roles: string[];
            topics: string[];
            /** @description The language tag in which it gets texts from now on */
            locale: string;
        };
        ServerEvents: {
            "ns:hello": components["schemas"]["Hello"];
            "ns:sync": components["schemas"]["Sync"];
            "ns:state": components["schemas"]["StateChange"];
            "ns:answered": components["schemas"]["AnsweredEvent"];
            "ns:topics": components["schemas"]["Topics"];
            "ns:auth_expiring": components["schemas"]["AuthExpiring"];
            "ns:draining": components["schemas"]["Draining"];
            "ns:closing": components["schemas"]["Closing"];
            "ns:observed": components["schemas"]["Observed"];
            "ns:presence": components["schemas"]["Attendance"];
        };
        Speaking: {
            /** @enum {boolean} */
            ok: true;
            /** @description The language tag in its usual spelling */
            locale: string;
        };
        StateChange: {
            /**
             * @description `counted`: nothing was done, and the counters are others, as something has gone
             * @enum {string}
             */
            action: "seen" | "read" | "unread" | "archive" | "unarchive" | "counted";
            /** @description Those that changed; without them all did, as far as `up_to` */
            ids?: string[];
            /** @description The `seq` that a change of all reached */
            up_to?: number;
            counts: components["schemas"]["Counts"];
        };
        Sync: {
            /** @description Whether nothing is missing */
            recovered: boolean;
            /** @description Notifications that came again from the log */
            replayed: number;
            cursor: string;
        };
        Token: {
            token: string;
        };
        Topic: {
            /** @description Its name */
            topic: string;
        };
        Topics: {
            /** @description Followed ones and those of the token, now */
            topics: string[];
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
        Watch: {
            wanted: boolean;
            /** @description Only users with this role */
            role?: string | null;
            /** @description Only users who have this topic */
            topic?: string | null;
        };
        Watching: {
            /** @enum {boolean} */
            ok: true;
            /** @description Whether it is told from now on */
            wanted: boolean;
            total: components["schemas"]["HereTotal"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
