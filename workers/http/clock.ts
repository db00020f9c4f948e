/** Milliseconds since the Unix epoch. An argument of the app, so that tests can live at any time. */
export type Clock = () => number;
