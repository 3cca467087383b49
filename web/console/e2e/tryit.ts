import type { FrameLocator, Page } from "@playwright/test";

/** The words of the page in each language. */
export const WORDS = {
  es: {
    locale: "es-ES",
    title: "Pruébalo",
    desk: "El escritorio de Marta",
    phone: "El teléfono de Ana",
    book: "Reservar",
    cut: "Cortar la red",
    more: "Reservar 5 más",
    back: "Volver a conectar",
    day: "Vivir un día",
    own: "En mi teléfono",
    offline: "Sin conexión a Internet",
    booking: "Reserva de Cañón del Colca creada",
    confirmed: "Confirmada",
    perfect: "5 recibidas, 0 perdidas, 0 repetidas, en orden",
  },
  en: {
    locale: "en-GB",
    title: "Try it",
    desk: "Marta’s desk",
    phone: "Ana’s phone",
    book: "Book",
    cut: "Cut the network",
    more: "Book 5 more",
    back: "Reconnect",
    day: "Play a day",
    own: "On my phone",
    offline: "No internet connection",
    booking: "Booking of Cañón del Colca created",
    confirmed: "Confirmed",
    perfect: "5 received, 0 lost, 0 repeated, in order",
  },
} as const;

export type Words = (typeof WORDS)[keyof typeof WORDS];

/** The tours of "five more", the last one first, as both screens list them; then the one on the phone. */
export const TOURS = [
  "Islas Ballestas",
  "Selva de Tambopata",
  "Oasis de Huacachina",
  "Machu Picchu al amanecer",
  "Islas del Titicaca",
  "Cañón del Colca",
];

/** The section with its two screens, as a test uses it. */
export class Theatre {
  readonly desk: FrameLocator;
  readonly phone: FrameLocator;

  constructor(
    readonly page: Page,
    readonly words: Words = WORDS.es,
  ) {
    this.desk = page.frameLocator(`iframe[title="${words.desk}"]`);
    this.phone = page.frameLocator(`iframe[title="${words.phone}"]`);
  }

  /** Goes there, and waits until both screens are connected. */
  async open(url: string): Promise<void> {
    await this.page.goto(`${url}/#/pruebalo`);
    await this.ready();
  }

  async ready(): Promise<void> {
    for (const stand of ["desk", "phone"]) {
      await this.page.locator(`[data-testid="${stand}-state"][data-state="connected"]`).waitFor();
    }
  }

  button(name: string) {
    return this.page.getByRole("button", { name, exact: true });
  }

  get verdict() {
    return this.page.getByTestId("verdict");
  }

  /** What is booked, by each screen's list. */
  get rows() {
    return this.desk.locator(".guest-rows .guest-ticket-tour");
  }

  get tickets() {
    return this.phone.locator(".guest-bookings .guest-ticket-tour");
  }

  async book(): Promise<void> {
    await this.phone.getByRole("button", { name: this.words.book, exact: true }).click();
  }
}
