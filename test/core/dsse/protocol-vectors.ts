/**
 * The test vectors of the DSSE protocol (github.com/secure-systems-lab/dsse, testvectors/vectors.json). The keys are those of RFC 8032
 * §7.1, TEST 1 and TEST 2. `pae` is what the signatures were made over.
 */
export const DSSE_SEEDS = {
  A: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  B: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
} as const;

export interface DsseVector {
  readonly id: string;
  readonly envelope: object;
  readonly trusted: readonly (keyof typeof DSSE_SEEDS)[];
  readonly threshold: number;
  readonly supported: readonly string[];
  /** Text, with the bytes that are none as \\u00XX. */
  readonly pae: string;
  readonly isAccepted: boolean;
}

const IN_TOTO = 'application/vnd.in-toto+json';
const STATEMENT = 'eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEifQ==';
const STATEMENT_TEXT = '{"_type":"https://in-toto.io/Statement/v1"}';
const BY_A = '2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA==';
const BY_B = 'c1+67/aT0yqEpwx8PsVY3MLHsj9D0CZ014/Fv/QlG59P+9CobUZ7xECJ/V3USG0Ob9CiE5LjReEZUzNF2l7eBw==';
const statement = { payload: STATEMENT, payloadType: IN_TOTO };
const common = {
  trusted: ['A'],
  threshold: 1,
  supported: [IN_TOTO],
  pae: `DSSEv1 28 ${IN_TOTO} 43 ${STATEMENT_TEXT}`,
} as const;
const ofTwo = { ...common, trusted: ['A', 'B'], threshold: 2 } as const;

export const DSSE_VECTORS: readonly DsseVector[] = [
  {
    ...common,
    id: 'single-signature',
    envelope: { ...statement, signatures: [{ sig: BY_A, keyid: 'A' }] },
    isAccepted: true,
  },
  {
    ...common,
    id: 'url-safe-base64',
    envelope: {
      payload: '-_-_Pj8=',
      payloadType: IN_TOTO,
      signatures: [
        { sig: 'P-_KHICeR7tI6S_YyejJTRtrXhcQyQ2LYPaL8h90KjC9qN8HU_svOQ6TuDOT1HIrsGW886DbWNWcCmX5twLrAw==', keyid: 'A' },
      ],
    },
    pae: `DSSEv1 28 ${IN_TOTO} 5 \u00fb\u00ff\u00bf>?`,
    isAccepted: true,
  },
  {
    ...common,
    id: 'payload-type-swapped',
    envelope: {
      ...statement,
      payloadType: 'application/vnd.example.other+json',
      signatures: [{ sig: BY_A, keyid: 'A' }],
    },
    supported: [IN_TOTO, 'application/vnd.example.other+json'],
    isAccepted: false,
  },
  {
    ...common,
    id: 'non-ascii-payload-type',
    envelope: {
      ...statement,
      payloadType: 'application/vnd.exämple+json',
      signatures: [
        { sig: 'xmSk/ug66ysT7ayhkCIjhAq42zgZXSsEWuzUaNL7w2eGAdF/NU6/fRXPtmfN+5DNSAs5/i2lUnHjbbjPsu0tAw==', keyid: 'A' },
      ],
    },
    supported: ['application/vnd.exämple+json'],
    pae: `DSSEv1 29 application/vnd.ex\u00c3\u00a4mple+json 43 ${STATEMENT_TEXT}`,
    isAccepted: true,
  },
  {
    ...common,
    id: 'empty-payload',
    envelope: {
      payload: '',
      payloadType: IN_TOTO,
      signatures: [
        { sig: 'gSggCAaTLTYyRH6FIDBem6meyIynsYy8RTHVzwx9tnTb7Bg/1jMWnuVgI/gffqmbsC2VX5/jHfkkDqsj7CDbDg==', keyid: 'A' },
      ],
    },
    pae: `DSSEv1 28 ${IN_TOTO} 0 `,
    isAccepted: true,
  },
  {
    ...common,
    id: 'empty-payload-type',
    envelope: {
      ...statement,
      payloadType: '',
      signatures: [
        { sig: 'iC3q/+3Rm0+lpAJRueDmDh15PnwCfxKmS0NAfKsbv+zgulXQC/WM9trc+j1XEqlwDIg/vf/uNfebeD6sxInrDg==', keyid: 'A' },
      ],
    },
    pae: `DSSEv1 0  43 ${STATEMENT_TEXT}`,
    isAccepted: false,
  },
  {
    ...ofTwo,
    id: 'threshold-two-distinct-keys',
    envelope: {
      ...statement,
      signatures: [
        { sig: BY_A, keyid: 'A' },
        { sig: BY_B, keyid: 'B' },
      ],
    },
    isAccepted: true,
  },
  {
    ...ofTwo,
    id: 'threshold-two-one-key-twice',
    envelope: {
      ...statement,
      signatures: [
        { sig: BY_A, keyid: 'A' },
        { sig: BY_A, keyid: 'A' },
      ],
    },
    isAccepted: false,
  },
  {
    ...ofTwo,
    id: 'threshold-two-without-keyids',
    envelope: { ...statement, signatures: [{ sig: BY_A }, { sig: BY_B }] },
    isAccepted: true,
  },
];
