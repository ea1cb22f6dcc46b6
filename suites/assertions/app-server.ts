import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { AppProxy, type OpenedApp } from '../clients/web/app-proxy.ts';
import { measure } from '../evidence/record.ts';
import type { CleanupStack } from '../fixtures/cleanup-stack.ts';
import { type RunningSession, SMALL, type World } from '../fixtures/world.ts';
import { runCode } from './execution.ts';

/** Headers of the answer at /repeated that come more than once, in this order. */
export const REPEATED = {
  'Set-Cookie': ['first=1; Path=/', 'second=2; Path=/; HttpOnly', 'third=3; Path=/'],
  Link: ['<a>; rel=one', '<b>; rel=two'],
} as const;

/** A port on which a program of the session listens. It is also the name of the application. */
const PORT = 8000;
export const APP = String(PORT);

/**
 * Answers GET with a nonce, the path and a header, and /large with many bytes. Answers POST with the SHA-256 of the body, and
 * /missing with 404. The answer at /repeated has some headers more than once.
 */
const program = (nonce: string) => `
import hashlib, http.server, json
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def reply(self, status, data, type="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", type)
        self.send_header("X-Answered-By", "${nonce}")
        self.send_header("Content-Length", str(len(data)))
        if self.path == "/repeated":
            for name, values in ${JSON.stringify(REPEATED)}.items():
                for value in values:
                    self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
    def do_GET(self):
        if self.path.startswith("/large/"):
            data = hashlib.shake_256(b"${nonce}").digest(int(self.path.split("/")[-1]))
            return self.reply(200, data, "application/octet-stream")
        status = 404 if self.path.startswith("/missing") else 200
        value = {"nonce": "${nonce}", "path": self.path, "header": self.headers.get("X-Asked-By")}
        self.reply(status, json.dumps(value).encode())
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        value = {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
        self.reply(200, json.dumps(value).encode())
    def log_message(self, *arguments): pass
http.server.ThreadingHTTPServer(("", ${PORT}), Handler).serve_forever()
`;

/** A session with a server, which its user has opened through the app proxy. */
export interface AppServer {
  session: RunningSession;
  app: OpenedApp;
  proxy: AppProxy;
  /** What the server answers. */
  nonce: string;
  /** What the server answers at /large/<bytes>. */
  large(bytes: number): Buffer;
}

/** Starts a session with a server and opens it. The cleanup stack removes circuits, session and connections. */
export async function startAppServer(world: World, cleanup: CleanupStack): Promise<AppServer> {
  const { user, connection } = world;
  const nonce = randomBytes(12).toString('hex');
  const proxy = new AppProxy(connection);
  cleanup.add('connections to the app proxy', () => proxy.close());
  const session = await world.startSession(cleanup, { config: { ...SMALL, preopen_ports: [PORT] } });
  cleanup.add(`circuits of session ${session.id}`, () => proxy.removeCircuits(session.id));
  await user.sessions.upload(session.id, { 'server.py': program(nonce) });
  const code = `import subprocess, sys
subprocess.Popen([sys.executable, "/home/work/server.py"], start_new_session=True)
import time, urllib.request
for attempt in range(50):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:${PORT}/").status)
        break
    except OSError:
        time.sleep(0.2)`;
  const run = await runCode(user.sessions, session.id, { mode: 'query', code });
  expect(run.stdout, run.stderr).to.include('200');
  const since = performance.now();
  const app = await proxy.open(user, session.id, APP);
  measure('app-open', (performance.now() - since) / 1000, 's');
  const large = (bytes: number): Buffer =>
    createHash('shake256', { outputLength: bytes }).update(nonce).digest();
  return { session, app, proxy, nonce, large };
}
