/** A whole number in the one spelling that it has (`WI3`); whether it is a safe integer is for the caller to see. */
export const DECIMAL = /^(?:0|[1-9]\d{0,15})$/;
