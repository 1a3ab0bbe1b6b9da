/** What a phone needs of fetch. The runtimes' own types add members of theirs. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
