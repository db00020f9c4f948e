import {
  ACTOR_BYTES,
  keyPackageClaim,
  keyPackageClaims,
  keyPackagePublication,
  MAX_CLAIM_DEVICES,
  MAX_KEY_PACKAGE_POST_BYTES,
  toBase64Url,
} from '../../core/index.ts';
import { parseClaim } from '../../relay/index.ts';
import { answerResponse } from './answer-response.ts';
import { callAsActor } from './calls.ts';
import { contentOf, describeRoute } from './describe-route.ts';
import { chainObject, deviceObject } from './objects.ts';
import { bytesOfName, chainParameters, deviceParameters, noQuery } from './parameters.ts';
import { structureOf } from './presentation.ts';
import { CLAIM_OUTCOMES, CLAIMED_KEY_PACKAGE, KEY_PACKAGE_STOCK } from './presentations.ts';
import type { RelayApp, Services } from './relay-app.ts';

/** A `KeyPackageClaim` has one size; a little room keeps the refusal `malformed`. */
const MAX_SMALL_BYTES = 64;
/** Also of a `KeyPackageClaims`: a suite, a length prefix, and the devices. */
const MAX_CLAIMS_BYTES = MAX_SMALL_BYTES + MAX_CLAIM_DEVICES * ACTOR_BYTES;

const TAG = 'Devices';

const publishRoute = describeRoute({
  method: 'put',
  path: '/v1/devices/{device}/key-packages',
  tag: TAG,
  summary: 'Publish KeyPackages',
  description:
    'Adds KeyPackages to the pool of the device that signs the request, and no other, or puts them in the place of all there.',
  access: 'actor',
  params: deviceParameters,
  query: noQuery,
  body: { structure: structureOf(keyPackagePublication.notation), limitBytes: MAX_KEY_PACKAGE_POST_BYTES },
  answer: { status: 200, description: 'The stock after it.', content: contentOf(KEY_PACKAGE_STOCK) },
  problems: [
    'malformed',
    'not-permitted',
    'device-revoked',
    'invalid-key-package',
    'unsupported-ciphersuite',
    'key-package-pool-full',
  ],
});

const stockRoute = describeRoute({
  method: 'get',
  path: '/v1/devices/{device}/key-packages',
  tag: TAG,
  summary: 'Count KeyPackages',
  description: 'How many KeyPackages of the device can still be claimed. For the device itself.',
  access: 'actor',
  params: deviceParameters,
  query: noQuery,
  answer: { status: 200, description: 'The stock.', content: contentOf(KEY_PACKAGE_STOCK) },
  problems: ['not-permitted', 'device-revoked'],
});

const claimRoute = describeRoute({
  method: 'post',
  path: '/v1/devices/{device}/key-packages/claim',
  tag: TAG,
  summary: 'Claim a KeyPackage',
  description:
    'Hands out one KeyPackage of the device, once, to an actor who may invite in the chain that the body names. The token ' +
    'goes with the commit that adds it.',
  access: 'actor',
  params: deviceParameters,
  query: noQuery,
  body: { structure: structureOf(keyPackageClaim.notation), limitBytes: MAX_SMALL_BYTES },
  answer: {
    status: 200,
    description: 'The KeyPackage, its reference and the token of this claim.',
    content: contentOf(CLAIMED_KEY_PACKAGE),
  },
  problems: ['malformed', 'not-permitted', 'unsupported-ciphersuite', 'key-packages-exhausted', 'rate-limited'],
});

const claimsRoute = describeRoute({
  method: 'post',
  path: '/v1/chains/{chain}/claims',
  tag: TAG,
  summary: 'Claim KeyPackages of several devices',
  description:
    'Hands out one KeyPackage of each device for one commit in this chain, to an actor who may invite there. Each device has ' +
    'an outcome of its own, in order: what was claimed, with its token, or why there was nothing.',
  access: 'actor',
  params: chainParameters,
  query: noQuery,
  body: { structure: structureOf(keyPackageClaims.notation), limitBytes: MAX_CLAIMS_BYTES },
  answer: { status: 200, description: 'One outcome a device.', content: contentOf(CLAIM_OUTCOMES) },
  problems: ['malformed', 'not-permitted', 'unsupported-ciphersuite', 'rate-limited'],
});

/** KeyPackages of a device. Whether the signer may is for the device's object to say. */
export function addDeviceRoutes(app: RelayApp, { gate }: Services): void {
  app.openapi(publishRoute, (c) => {
    const { device } = c.req.valid('param');
    return callAsActor(gate, c.req.raw, MAX_KEY_PACKAGE_POST_BYTES, async ({ caller, body }) => {
      const stock = await deviceObject(c.env, device).publish(caller, bytesOfName(device), body);
      return answerResponse(c.req.raw, stock, KEY_PACKAGE_STOCK);
    });
  });

  app.openapi(stockRoute, (c) => {
    const { device } = c.req.valid('param');
    return callAsActor(gate, c.req.raw, 0, async ({ caller }) =>
      answerResponse(
        c.req.raw,
        await deviceObject(c.env, device).stock(caller, bytesOfName(device)),
        KEY_PACKAGE_STOCK,
      ),
    );
  });

  app.openapi(claimRoute, (c) => {
    const { device } = c.req.valid('param');
    return callAsActor(gate, c.req.raw, MAX_SMALL_BYTES, async ({ caller, body }) => {
      const claim = parseClaim(body);
      if (!claim.ok) return answerResponse(c.req.raw, claim, CLAIMED_KEY_PACKAGE);
      const { chain, ciphersuite } = claim.value;
      const answer = await chainObject(c.env, toBase64Url(chain)).claimOne(caller, bytesOfName(device), ciphersuite);
      return answerResponse(c.req.raw, answer, CLAIMED_KEY_PACKAGE);
    });
  });

  app.openapi(claimsRoute, (c) => {
    const { chain } = c.req.valid('param');
    return callAsActor(gate, c.req.raw, MAX_CLAIMS_BYTES, async ({ caller, body }) =>
      answerResponse(c.req.raw, await chainObject(c.env, chain).claim(caller, body), CLAIM_OUTCOMES),
    );
  });
}
