/** The error rate at which something is called significant. */
export const ALPHA = 0.05;
