/** A spec that cannot be used; the message is one line for a person. */
export class SpecError extends Error {}
