/** How doubles stand in REAL columns: SQLite has no NaN, and keeps -0 as 0. */

export const toColumn = (value: number): number | string => (Number.isNaN(value) ? 'NaN' : value);
export const fromColumn = (value: number | string): number => Number(value);
