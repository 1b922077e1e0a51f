/** Of an installation: what trying again does not help against. */
export class FinalError extends Error {}
