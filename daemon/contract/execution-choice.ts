/** What a pipeline page shows, in place of an execution's id. Apart from the schemas, which pages do without. */

/** Whichever execution is the newest. */
export const NEWEST = 'newest';
/** What the next one would do. */
export const NEXT = 'next';
