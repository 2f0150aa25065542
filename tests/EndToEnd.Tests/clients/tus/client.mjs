// Sends a file as tus clients do, in pieces. Before the third piece it says so and waits for a line.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import * as tus from 'tus-js-client';

const [endpoint, path, name] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
let pieces = 0;
const upload = new tus.Upload(createReadStream(path), {
  endpoint,
  chunkSize: 256 * 1024,
  retryDelays: Array(120).fill(500),
  metadata: { name, filename: 'adapter.zip', labels: '{"team":"blue"}' },
  onBeforeRequest: async request => {
    if (request.getMethod() === 'PATCH' && ++pieces === 3) {
      console.log('halfway');
      await lines.next();
    }
  },
  onError: error => {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess: () => {
    console.log(upload.url);
    process.exit(0);
  },
});
upload.start();
