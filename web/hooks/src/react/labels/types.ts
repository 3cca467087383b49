/** The texts of the components. Override any of them with the provider's `labels`. */
export interface Labels {
  notifications: string;
  /** The name of the region where toasts appear. */
  toasts: string;
  /** The bell's name: what it is and how much is in it. */
  bell: (count: number) => string;
  all: string;
  unread: string;
  archived: string;
  /** The name of the choice between all, unread and archived. */
  filters: string;
  /** The name of the choice between the categories of the application. */
  categories: string;
  /** Every category. */
  everything: string;
  /** Said of an item, to those who do not see the dot. */
  isUnread: string;
  /** Said of an item, to those who do not see its colour. */
  isHigh: string;
  isCritical: string;
  markRead: string;
  markUnread: string;
  markAllRead: string;
  archive: string;
  unarchive: string;
  /** The name of a button that acts on one item: "Archive: New booking". */
  named: (action: string, title: string) => string;
  more: string;
  /** Shows all of a text that was cut. */
  showMore: string;
  showLess: string;
  /** How many notifications of the same kind are behind one entry. */
  group: (title: string, count: number) => string;
  /** Said of an item that was changed after it was published. */
  edited: string;
  /** Of the button of a notification that this user has chosen: "Accept". */
  answered: (label: string) => string;
  loading: string;
  emptyAll: string;
  emptyUnread: string;
  emptyArchived: string;
  failed: string;
  /** A change was not confirmed by the server, and was taken back. */
  notSaved: string;
  /** The list may lack what is newest. */
  stale: string;
  retry: string;
  fresh: (count: number) => string;
  today: string;
  yesterday: string;
  open: string;
  close: string;
  offline: string;
  reconnecting: string;
  inSeconds: (seconds: number) => string;
  unauthorized: string;
}
