/** The last name of a path as a model wrote it, for titles. */
export const nameOf = (path: string): string => /([^/\\]+)[/\\]*$/.exec(path)?.[1] ?? path;
