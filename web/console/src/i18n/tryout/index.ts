import i18next from "i18next";
import { useTranslation } from "react-i18next";
import { en } from "./en.ts";
import { es } from "./es.ts";

// Apart from the rest, as they come with the section: nobody waits for them who does not go there.
i18next.addResourceBundle("es", "tryout", es);
i18next.addResourceBundle("en", "tryout", en);

/** The texts of the try-out. */
export function useTexts() {
  return useTranslation("tryout").t;
}
