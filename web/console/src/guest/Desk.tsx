import { ConnectionBanner, NotificationBell, NotificationInbox, NotificationToaster } from "@sio-server/react";
import { IconBolt } from "@tabler/icons-react";
import { useSyncExternalStore, type ReactNode } from "react";
import { useFormats } from "../i18n/formats.ts";
import { useTexts } from "../i18n/tryout/index.ts";
import { Brand } from "./Brand.tsx";
import { useBookings, type Booking } from "./bookings.ts";
import { surroundings } from "./surroundings.ts";
import { soles } from "./tours.ts";
import { useStatusTold } from "./useStatusTold.ts";

/** The agency as it is seen from inside: what is booked, as it happens. */
export function Desk(): ReactNode {
  const t = useTexts();
  const { whole } = useFormats();
  const bookings = useBookings();
  const standing = bookings.filter(({ isCancelled }) => !isCancelled);
  const sum = (of: (booking: Booking) => number) => standing.reduce((total, one) => total + of(one), 0);
  useStatusTold();
  return (
    <div className="guest guest-desk">
      <header className="guest-bar" aria-label={t("desk.frame")}>
        <Brand place={t("guest.desk")} />
        <span className="guest-avatar" aria-hidden>
          M
        </span>
        <span className="guest-name">{t("desk.who")}</span>
        <NotificationBell badge="unseen" filters={["all", "unread"]} />
      </header>
      <ConnectionBanner />
      <main aria-label={t("desk.frame")}>
        <div className="guest-work">
          <h1>{t("guest.today")}</h1>
          <dl className="guest-figures">
            <Figure name={t("guest.booked")} value={whole(standing.length)} />
            <Figure name={t("guest.travellers")} value={whole(sum(({ people }) => people))} />
            <Figure name={t("guest.income")} value={soles(sum(({ total }) => total))} />
          </dl>
          <section aria-labelledby="latest">
            <h2 id="latest">{t("guest.latest")}</h2>
            {bookings.length === 0 ? (
              <p className="guest-none">{t("guest.noneYet")}</p>
            ) : (
              <ul className="guest-rows">
                {bookings.map((booking) => (
                  <Row key={booking.id} booking={booking} total={soles(booking.total)} />
                ))}
              </ul>
            )}
          </section>
        </div>
        <NotificationInbox className="guest-inbox" filters={["all", "unread"]} />
      </main>
      <NotificationToaster duration={4_000} max={2} />
    </div>
  );
}

function Figure({ name, value }: { name: string; value: string }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Row({ booking, total }: { booking: Booking; total: string }): ReactNode {
  const t = useTexts();
  const { decimal } = useFormats();
  const { wire } = surroundings();
  const ms = useSyncExternalStore(wire.subscribe, () => wire.getSnapshot().get(booking.id));
  return (
    <li data-cancelled={booking.isCancelled || undefined} data-fresh={ms !== undefined || undefined}>
      <div className="guest-row-main">
        <p className="guest-ticket-tour">{booking.tour}</p>
        <p className="guest-soft">
          {t("phone.who")} · {t("guest.people", { count: booking.people })} · {booking.code}
        </p>
      </div>
      {booking.isCancelled ? (
        <span className="guest-state">{t("guest.cancelled")}</span>
      ) : ms === undefined ? null : (
        <span className="guest-ms">
          <IconBolt size={14} aria-hidden />
          {t("guest.inMs", { ms: decimal(ms) })}
        </span>
      )}
      <span className="guest-total">{total}</span>
    </li>
  );
}
