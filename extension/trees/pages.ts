/** The largest page that every list of the daemon gives at once. */
const LARGEST_PAGE = 200;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken?: string | undefined;
}

/** The first `count` items of a list that comes in pages, and whether there are more. */
export async function collect<Item>(
  count: number,
  read: (page: { limit: number; pageToken?: string }) => Promise<Page<Item>>,
): Promise<{ items: Item[]; more: boolean }> {
  const items: Item[] = [];
  let token: string | undefined;
  do {
    const limit = Math.min(count - items.length, LARGEST_PAGE);
    const page = await read({ limit, ...(token !== undefined && { pageToken: token }) });
    items.push(...page.items);
    token = page.nextPageToken;
  } while (token !== undefined && items.length < count);
  return { items, more: token !== undefined };
}
