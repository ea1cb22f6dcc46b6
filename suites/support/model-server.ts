/** The program of the model listens here. */
const PORT = 8000;
/** Says which session answers and what it reads in the folder; /health says 503 once it was told to be sick. */
export const SERVER = `
import http.server, json, os, urllib.parse
SESSION = os.environ["BACKENDAI_SESSION_ID"]
sick = False
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def reply(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def do_GET(self):
        if self.path == "/health":
            self.reply(503 if sick else 200, {"sick": sick})
        else:
            self.reply(200, {"session": SESSION, "weights": open("/models/weights.txt").read()})
    def do_POST(self):
        global sick
        url = urllib.parse.urlparse(self.path)
        if url.path == "/sick" and url.query.rstrip("=") == SESSION:
            sick = True
        if url.path == "/write":
            try:
                open("/models/written.txt", "w").close()
                self.reply(200, {"written": True})
            except OSError as error:
                self.reply(200, {"written": False, "error": error.strerror})
        else:
            self.reply(200, {"session": SESSION, "sick": sick})
    def log_message(self, *arguments): pass
http.server.ThreadingHTTPServer(("", ${PORT}), Handler).serve_forever()
`;

/** The model-definition.yaml of a folder in which SERVER lies as server.py; its health is looked at every 5 s. */
export const DEFINITION = `
models:
  - name: e2e
    model_path: /models
    service:
      start_command: python3 /models/server.py
      port: ${PORT}
      health_check:
        enable: true
        path: /health
        interval: 5
        max_retries: 2
        max_wait_time: 5
        expected_status_code: 200
        initial_delay: 120
`;
