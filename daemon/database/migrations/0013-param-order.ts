/** Runs by a param's value: those that have a seldom one are found, and sorted by it read off, without going through all. */
export const paramOrder = `
CREATE INDEX param_by_value ON param (key, value);
`;
