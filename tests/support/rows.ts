/** A query's rows as a plain array, to compare with. */
export const rows = async (query: PromiseLike<Iterable<unknown>>): Promise<unknown[]> => [...(await query)];
