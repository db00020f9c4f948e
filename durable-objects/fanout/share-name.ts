/** The name of the object that holds a share, from 1 on, of a chain's readers. `chain` is base64url. */
export function shareName(chain: string, share: number): string {
  return `${chain}/${share}`;
}
