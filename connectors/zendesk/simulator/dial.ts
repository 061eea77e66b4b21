/** What can be changed about the vendor while it runs. */
export type Dial = {
  /** The exports hold back so much of the present. */
  heldBackS: number;
  /** So many of the next pages of the cursor exports are empty although more is to come. */
  emptyPages: number;
  /** No export gives more rows a page. */
  mostRows: number;
  /** Larger pages of an export are not gathered in time (504). */
  mostRowsInTime: number;
  /** What a 429 says, and whether it says how long to wait. */
  tooManyBody: "text" | "edge" | "json" | "offset";
  hasRetryAfter: boolean;
  /** Whether the headers are spelled as they were years ago. */
  hasOldHeaders: boolean;
  /** Credentials that nobody knows are taken for a visitor's, with status 200. */
  takesStrangersForVisitors: boolean;
  /** Whether a single ticket comes with its metric set when that is asked for. */
  showsMetricSet: boolean;
};

export function createDial(): Dial {
  return {
    heldBackS: 60,
    emptyPages: 0,
    mostRows: 1000,
    mostRowsInTime: Infinity,
    tooManyBody: "text",
    hasRetryAfter: true,
    hasOldHeaders: false,
    takesStrangersForVisitors: false,
    showsMetricSet: true,
  };
}
