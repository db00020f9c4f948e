import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { build } from 'esbuild';

/** Names under which systems install it. */
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAX_ANSWER_BYTES = 16_777_216;
const PAGE = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';

/** Where Chromium is: the path in the variable CHROMIUM, or what the system has; undefined where there is none. */
export function findChromium(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env;
  if (CHROMIUM !== undefined) return CHROMIUM;
  return PATH.split(delimiter)
    .flatMap((folder) => PROGRAMS.map((name) => join(folder, name)))
    .find(isProgram);
}

/**
 * Runs a module, with all that it imports, on a page of Chromium. It fetches `/question`, which is `question` as JSON, and
 * posts its answer to `/answer`, or what went wrong to `/fault`. Gives the answer; rejects at a fault, or where the browser
 * ends without either. The page reaches this machine alone.
 */
export async function askChromium(chromium: string, script: string, question: unknown): Promise<unknown> {
  const server = await servePage(await bundle(script), JSON.stringify(question));
  const profile = mkdtempSync(join(tmpdir(), 'terachat-chromium-'));
  const browser = open(chromium, profile, `http://127.0.0.1:${(server.http.address() as AddressInfo).port}/`);
  try {
    return await Promise.race([server.answer, ended(browser)]);
  } finally {
    await close(browser);
    server.http.close();
    server.http.closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function bundle(script: string): Promise<string> {
  const { outputFiles } = await build({ entryPoints: [script], bundle: true, format: 'esm', write: false });
  return outputFiles[0]?.text ?? '';
}

interface PageServer {
  readonly http: Server;
  readonly answer: Promise<unknown>;
}

async function servePage(script: string, question: string): Promise<PageServer> {
  const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
    '/': ['text/html', PAGE],
    '/page.js': ['text/javascript', script],
    '/question': ['application/json', question],
  };
  const { promise: answer, resolve, reject } = Promise.withResolvers<unknown>();
  const http = createServer((request, response) => {
    const file = files[request.url ?? ''];
    if (file !== undefined) response.setHeader('content-type', file[0]).end(file[1]);
    else if (request.method !== 'POST') response.writeHead(404).end();
    else {
      readBody(request)
        .then((body) => {
          if (request.url === '/answer') resolve(JSON.parse(body));
          else reject(new Error(`the page failed: ${body}`));
        })
        .catch(reject);
      response.end();
    }
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return { http, answer };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += String(chunk);
    if (body.length > MAX_ANSWER_BYTES) throw new Error('the page answered too much');
  }
  return body;
}

/** In a process group of its own, since it starts processes that outlive it when it is killed. */
function open(chromium: string, profile: string, url: string): ChildProcess {
  const flags = [
    '--headless=new',
    `--user-data-dir=${profile}`,
    ...['--no-first-run', '--disable-gpu', '--disable-dev-shm-usage', '--disable-extensions'],
    // It has no business but with the page.
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    // Its sandbox does not start for root, as whom containers run tests; the page is this repository's own.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
  return spawn(chromium, [...flags, url], { detached: true, stdio: 'ignore' });
}

async function ended(browser: ChildProcess): Promise<never> {
  const [how] = (await Promise.race([once(browser, 'exit'), once(browser, 'error')])) as [unknown];
  throw new Error(`Chromium ended before the page had answered: ${String(how)}`);
}

async function close(browser: ChildProcess): Promise<void> {
  if (browser.pid === undefined || browser.exitCode !== null || browser.signalCode !== null) return;
  const exit = once(browser, 'exit');
  process.kill(-browser.pid, 'SIGKILL');
  await exit;
}
