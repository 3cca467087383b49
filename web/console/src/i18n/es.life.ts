/** The texts of topics that people follow, and of what becomes of a notification. */
export const life = {
  follow: {
    of: "Temas que sigue",
    none: "No sigue ningún tema.",
    topics: "Temas seguidos",
    ofTopic: "Quién sigue {{topic}}",
    nobody: "Nadie sigue este tema",
    followers_one: "{{formatted}} seguidor",
    followers_other: "{{formatted}} seguidores",
    byUser: "por decisión propia",
    byBackend: "por el sistema",
    more: "Siguientes",
  },
  extras: {
    group: "Grupo",
    category: "Categoría",
    image: "Imagen",
    icon: "Icono",
    actions: "Acciones",
    collapse: "Clave de reemplazo",
    hasImage: "Con imagen",
    hasActions_one: "Con {{count}} acción",
    hasActions_other: "Con {{count}} acciones",
  },
} as const;
