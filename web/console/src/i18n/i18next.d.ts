import type { es } from "./es.ts";
import type { es as tryout } from "./tryout/es.ts";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof es; tryout: typeof tryout };
  }
}
