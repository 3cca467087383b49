import type { Texts } from "./es.ts";

/** The texts of topics that people follow, and of what becomes of a notification. */
export const life: Pick<Texts, "follow" | "extras"> = {
  follow: {
    of: "Topics they follow",
    none: "Follows no topic.",
    topics: "Followed topics",
    ofTopic: "Who follows {{topic}}",
    nobody: "Nobody follows this topic",
    followers_one: "{{formatted}} follower",
    followers_other: "{{formatted}} followers",
    byUser: "by their own choice",
    byBackend: "by the backend",
    more: "Next",
  },
  extras: {
    group: "Group",
    category: "Category",
    image: "Image",
    icon: "Icon",
    actions: "Actions",
    collapse: "Collapse key",
    hasImage: "With an image",
    hasActions_one: "With {{count}} action",
    hasActions_other: "With {{count}} actions",
  },
};
