import { type ReactNode, useEffect, useState } from "react";
import {
  ConnectionBanner,
  NotificationBell,
  NotificationInbox,
  type NotificationInboxProps,
  NotificationProvider,
  NotificationToaster,
  plural,
} from "../src/index.ts";
import { On } from "./On.tsx";
import { difficult, type Language, lively, many, pickUps, repeated, samples } from "./samples.ts";
import { createStage, type Setup } from "./stage.ts";

interface Scene {
  name: string;
  title: Record<Language, string>;
  render: (language: Language) => ReactNode;
}

function Inbox({
  setup,
  language,
  ...props
}: { setup: Setup; language: Language } & NotificationInboxProps): ReactNode {
  const [stage] = useState(() => createStage(setup));
  return (
    <On stage={stage} language={language}>
      <NotificationInbox {...props} />
    </On>
  );
}

const BOOKINGS = {
  es: plural("es", { one: "# reserva nueva", other: "# reservas nuevas" }),
  en: plural("en", { one: "# new booking", other: "# new bookings" }),
};

const CATEGORIES = {
  es: [
    { label: "Reservas", types: ["reserva_creada", "reserva_cancelada", "reserva_actualizada"] },
    { label: "Tours", types: ["tour_creado", "destino_creado", "guia_actualizado"] },
    { label: "Para ti", types: ["recomendacion_creada", "servicio_contratado"] },
  ],
  en: [
    { label: "Bookings", types: ["reserva_creada", "reserva_cancelada", "reserva_actualizada"] },
    { label: "Tours", types: ["tour_creado", "destino_creado", "guia_actualizado"] },
    { label: "For you", types: ["recomendacion_creada", "servicio_contratado"] },
  ],
};

/** The bar of a page with bells, each in another state. */
function Bells({ language }: { language: Language }): ReactNode {
  const [stages] = useState(() =>
    [0, 3, 24, 140].map((unread) => createStage({ items: unread ? samples(language) : [], unread })),
  );
  const [offline] = useState(() => createStage({ items: samples(language), connection: { status: "offline" } }));
  return (
    <div className="bar">
      {stages.map((stage, at) => (
        <On key={at} stage={stage} language={language}>
          <NotificationBell />
        </On>
      ))}
      <On stage={stages[1] ?? offline} language={language}>
        <NotificationBell variant="dot" />
      </On>
      <On stage={offline} language={language}>
        <NotificationBell />
      </On>
    </div>
  );
}

/** A bell in a corner of the window, open. */
function Corner({ language, className }: { language: Language; className: string }): ReactNode {
  const [stage] = useState(() => createStage({ items: samples(language) }));
  return (
    <On stage={stage} language={language}>
      <div className={`corner ${className}`}>
        <Opened>
          <NotificationBell categories={CATEGORIES[language]} />
        </Opened>
      </div>
    </On>
  );
}

/** Opens the bell inside. */
function Opened({ children }: { children: ReactNode }): ReactNode {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  useEffect(() => {
    const button = place?.querySelector<HTMLButtonElement>("button[aria-haspopup]");
    if (button?.getAttribute("aria-expanded") === "false") button.click();
  }, [place]);
  return <div ref={setPlace}>{children}</div>;
}

function Toasts({ language, render = false }: { language: Language; render?: boolean }): ReactNode {
  const [stage] = useState(() => createStage());
  useEffect(() => {
    // The toaster is loaded by itself; what happens before it listens is no news.
    const timer = setInterval(() => {
      if (!stage.isHeard()) return;
      clearInterval(timer);
      for (const item of samples(language).slice(0, 4).reverse()) stage.publish({ ...item, read: false });
    }, 50);
    return () => {
      clearInterval(timer);
    };
  }, [stage, language]);
  return (
    <On stage={stage} language={language}>
      <NotificationToaster
        max={4}
        duration={Infinity}
        position="bottom-right"
        {...(render && { renderToast: ({ message }) => <div className="own-toast">{message}</div> })}
      />
    </On>
  );
}

function Banners({ language }: { language: Language }): ReactNode {
  const [stages] = useState(() =>
    (["offline", "reconnecting", "unauthorized"] as const).map((status) => {
      const retryAt = status === "reconnecting" ? Date.now() + 12_000 : undefined;
      return createStage({ connection: { status, retryAt } });
    }),
  );
  return (
    <div className="stack">
      {stages.map((stage, at) => (
        <On key={at} stage={stage} language={language}>
          <ConnectionBanner />
        </On>
      ))}
    </div>
  );
}

/** The change that is refused is asked for at once. */
function Refused({ language }: { language: Language }): ReactNode {
  const [stage] = useState(() => createStage({ items: samples(language), refuses: true }));
  const [place, setPlace] = useState<HTMLElement | null>(null);
  useEffect(() => {
    place?.querySelector<HTMLButtonElement>('[data-action="archive"]')?.click();
  }, [place]);
  return (
    <On stage={stage} language={language}>
      <div ref={setPlace}>
        <NotificationInbox />
      </div>
    </On>
  );
}

/** What was there is taken back, or another one takes its place, as soon as it is shown. */
function Became({ language, is }: { language: Language; is: "retracted" | "replaced" }): ReactNode {
  const [{ stage, act }] = useState(() => {
    const { first, later, wrong } = pickUps(language);
    const stage = createStage({ items: [is === "retracted" ? wrong : first, ...samples(language)] });
    return {
      stage,
      act: () => {
        if (is === "retracted") stage.retract(wrong.id);
        else later.forEach(stage.publish);
      },
    };
  });
  useEffect(act, [act]);
  return (
    <On stage={stage} language={language}>
      <NotificationInbox />
    </On>
  );
}

function Own({ language }: { language: Language }): ReactNode {
  const [stage] = useState(() => createStage({ items: samples(language).slice(1, 5) }));
  const [accept, decline] = language === "es" ? (["Aceptar", "Rechazar"] as const) : (["Accept", "Decline"] as const);
  return (
    <On stage={stage} language={language} renderIcon={({ type }) => (type === "tour_creado" ? "⛰️" : undefined)}>
      <div className="themed">
        <NotificationInbox
          itemActions={({ type }) =>
            type === "reserva_creada"
              ? [
                  { label: accept, primary: true, onSelect: () => undefined },
                  { label: decline, onSelect: () => undefined },
                ]
              : []
          }
        />
      </div>
    </On>
  );
}

function Unstyled({ language }: { language: Language }): ReactNode {
  const classNames = { item: "plain-item", itemTitle: "plain-title", filters: "plain-filters" };
  return (
    <Inbox setup={{ items: samples(language).slice(0, 3) }} language={language} unstyled classNames={classNames} />
  );
}

/** Over real sockets, for a server that is told in the address. */
function Live({ language }: { language: Language }): ReactNode {
  const query = new URLSearchParams(location.search);
  const [user, url] = [query.get("user") ?? "ana", query.get("server") ?? ""];
  const [at, setAt] = useState("");
  return (
    <NotificationProvider
      url={url}
      user={user}
      identity={{ user, role: "turista" }}
      locale={language}
      onNavigate={setAt}
    >
      <ConnectionBanner />
      <div className="bar">
        <a href="#before">{language === "es" ? "Antes" : "Before"}</a>
        <NotificationBell group />
        <a href="#after">{language === "es" ? "Después" : "After"}</a>
      </div>
      <output data-testid="address">{at}</output>
      <NotificationToaster />
    </NotificationProvider>
  );
}

const of = (setup: Setup, props: NotificationInboxProps = {}) => {
  return (language: Language): ReactNode => <Inbox setup={setup} language={language} {...props} />;
};

/** The components side by side, for the picture of the guide. */
function Sheet({ language }: { language: Language }): ReactNode {
  return (
    <div className="sheet">
      <Inbox setup={{ items: samples(language) }} language={language} categories={CATEGORIES[language]} />
      <Inbox
        setup={{ items: repeated(language), connection: { status: "offline" } }}
        language={language}
        group={{ title: (items) => BOOKINGS[language](items.length) }}
      />
      <div className="stack">
        <Bells language={language} />
        <Banners language={language} />
        <Inbox setup={{}} language={language} />
      </div>
      <Toasts language={language} />
    </div>
  );
}

export const SCENES: readonly Scene[] = [
  { name: "sheet", title: { es: "Todo", en: "Everything" }, render: (language) => <Sheet language={language} /> },
  { name: "bells", title: { es: "La campana", en: "The bell" }, render: (language) => <Bells language={language} /> },
  {
    name: "inbox",
    title: { es: "La bandeja", en: "The inbox" },
    render: (language) => (
      <Inbox setup={{ items: samples(language) }} language={language} categories={CATEGORIES[language]} />
    ),
  },
  {
    name: "group",
    title: { es: "Repetidas, en una", en: "Repeats joined" },
    render: (language) => (
      <Inbox
        setup={{ items: repeated(language) }}
        language={language}
        group={{ title: (items) => BOOKINGS[language](items.length) }}
      />
    ),
  },
  {
    name: "life",
    title: { es: "Lo que les pasa", en: "What becomes of them" },
    render: (language) => (
      <Inbox setup={{ items: lively(language), headings: { reservas: BOOKINGS[language] } }} language={language} />
    ),
  },
  {
    name: "retracted",
    title: { es: "Una que se retiró", en: "One that was taken back" },
    render: (language) => <Became language={language} is="retracted" />,
  },
  {
    name: "replaced",
    title: { es: "Una en el lugar de otra", en: "One in the place of another" },
    render: (language) => <Became language={language} is="replaced" />,
  },
  {
    name: "difficult",
    title: { es: "Textos difíciles", en: "Difficult texts" },
    render: (language) => <Inbox setup={{ items: difficult(language) }} language={language} />,
  },
  { name: "loading", title: { es: "Cargando", en: "Loading" }, render: of({ lists: "loading" }) },
  { name: "empty", title: { es: "Vacía", en: "Empty" }, render: of({}) },
  { name: "read", title: { es: "Todo leído", en: "All read" }, render: of({}, { filters: ["unread", "all"] }) },
  {
    name: "archive",
    title: { es: "Archivo vacío", en: "Nothing archived" },
    render: of({}, { filters: ["archived"] }),
  },
  { name: "failed", title: { es: "No se pudo cargar", en: "Could not load" }, render: of({ lists: "failed" }) },
  {
    name: "offline",
    title: { es: "Sin conexión", en: "Offline" },
    render: (language) => (
      <Inbox setup={{ items: samples(language), connection: { status: "offline" } }} language={language} />
    ),
  },
  {
    name: "refused",
    title: { es: "Un cambio que falla", en: "A change that fails" },
    render: (language) => <Refused language={language} />,
  },
  {
    name: "many",
    title: { es: "Muchas", en: "Many" },
    render: (language) => <Inbox setup={{ items: many(language) }} language={language} />,
  },
  {
    name: "own",
    title: { es: "Con botones, iconos y colores propios", en: "Buttons, icons and colours of your own" },
    render: (language) => <Own language={language} />,
  },
  {
    name: "unstyled",
    title: { es: "Sin estilos", en: "Unstyled" },
    render: (language) => <Unstyled language={language} />,
  },
  {
    name: "banners",
    title: { es: "El aviso de conexión", en: "The banner" },
    render: (language) => <Banners language={language} />,
  },
  { name: "toasts", title: { es: "Los avisos", en: "Toasts" }, render: (language) => <Toasts language={language} /> },
  {
    name: "toasts-own",
    title: { es: "Avisos propios", en: "Toasts of your own" },
    render: (language) => <Toasts language={language} render />,
  },
  {
    name: "panel",
    title: { es: "El panel, a la derecha", en: "The panel, on the right" },
    render: (language) => <Corner language={language} className="at-end" />,
  },
  {
    name: "panel-start",
    title: { es: "El panel, a la izquierda", en: "The panel, on the left" },
    render: (language) => <Corner language={language} className="at-start" />,
  },
  {
    name: "panel-foot",
    title: { es: "El panel, abajo", en: "The panel, at the foot" },
    render: (language) => <Corner language={language} className="at-foot" />,
  },
  {
    name: "live",
    title: { es: "Con un servidor", en: "With a server" },
    render: (language) => <Live language={language} />,
  },
];
