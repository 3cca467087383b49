import { ConnectionBanner, NotificationBell, NotificationToaster, useConnectionStatus } from "@sio-server/react";
import { IconCircleCheckFilled, IconCircleXFilled, IconMapPin } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Language } from "../i18n/index.ts";
import { useTexts } from "../i18n/tryout/index.ts";
import { Brand } from "./Brand.tsx";
import { useBookings, type Booking } from "./bookings.ts";
import { Canyon } from "./Canyon.tsx";
import { isFramed } from "./port.ts";
import { dayOf, FEATURED, soles } from "./tours.ts";
import { useBooking } from "./useBooking.ts";
import { useStatusTold } from "./useStatusTold.ts";

/** The agency as a traveller has it on the phone. */
export function Phone(): ReactNode {
  const t = useTexts();
  const bookings = useBookings();
  const { status } = useConnectionStatus();
  useStatusTold();
  return (
    <div className="guest guest-phone" data-booked={bookings.length > 0 || undefined}>
      <header className="guest-bar" aria-label={t("phone.frame")}>
        <Brand />
        <NotificationBell badge="unseen" filters={["all", "unread"]} />
      </header>
      {status === "unauthorized" && !isFramed() ? (
        <p className="guest-over" role="alert">
          {t("guest.over")}
        </p>
      ) : (
        <ConnectionBanner />
      )}
      <main aria-label={t("phone.frame")}>
        <h1>{t("guest.hello")}</h1>
        <Offer />
        <section aria-labelledby="bookings">
          <h2 id="bookings">
            {t("guest.bookings")} {bookings.length > 0 ? <span className="guest-count">{bookings.length}</span> : null}
          </h2>
          {bookings.length === 0 ? (
            <p className="guest-none">{t("guest.none")}</p>
          ) : (
            <ul className="guest-bookings">
              {bookings.map((booking) => (
                <Ticket key={booking.id} booking={booking} />
              ))}
            </ul>
          )}
        </section>
      </main>
      <NotificationToaster position="top-center" max={2} duration={4_000} />
    </div>
  );
}

function useLanguage(): Language {
  return useTranslation().i18n.language === "en" ? "en" : "es";
}

function Offer(): ReactNode {
  const t = useTexts();
  const { state, book } = useBooking();
  const { name, place, nights, price } = FEATURED;
  return (
    <article className="guest-offer">
      <Canyon />
      <div className="guest-offer-body">
        <h2>{name}</h2>
        <p className="guest-soft">
          <IconMapPin size={14} aria-hidden /> {place} · {t("guest.nights", { count: nights, days: nights + 1 })}
        </p>
        <div className="guest-offer-foot">
          <p className="guest-price">
            <strong>{soles(price)}</strong> <span className="guest-soft">{t("guest.perPerson")}</span>
          </p>
          {isFramed() ? (
            <button type="button" className="guest-button" aria-disabled={state === "sending"} onClick={book}>
              {t(state === "sending" ? "guest.reserving" : "guest.reserve")}
            </button>
          ) : null}
        </div>
        {isFramed() ? (
          <p className="guest-note" role="status">
            {state === "offline" ? t("guest.noLine") : state === "failed" ? t("guest.notBooked") : ""}
          </p>
        ) : (
          <p className="guest-soft">{t("guest.elsewhere")}</p>
        )}
      </div>
    </article>
  );
}

function Ticket({ booking }: { booking: Booking }): ReactNode {
  const t = useTexts();
  const language = useLanguage();
  const { tour, date, people, isCancelled } = booking;
  const Icon = isCancelled ? IconCircleXFilled : IconCircleCheckFilled;
  return (
    <li data-cancelled={isCancelled || undefined}>
      <Icon size={20} aria-hidden />
      <div>
        <p className="guest-ticket-tour">{tour}</p>
        <p className="guest-soft">
          {date === null ? "" : `${dayOf(date, language)} · `}
          {t("guest.people", { count: people })}
        </p>
      </div>
      <span className="guest-state">{t(isCancelled ? "guest.cancelled" : "guest.confirmed")}</span>
    </li>
  );
}
