// How an installation may fail, where that decides what comes next.

/** What trying again does not help against. */
export class FinalError extends Error {}

/** What a server answered instead of a file, and may not answer the next time. */
export class HttpError extends Error {}
