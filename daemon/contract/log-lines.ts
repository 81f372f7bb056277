/** What a carriage return leaves of a line: what was written over it, as progress bars do. */
export function lastWritten(text: string): string {
  const end = text.endsWith('\r') ? text.length - 1 : text.length;
  return text.slice(text.lastIndexOf('\r', end - 1) + 1);
}
