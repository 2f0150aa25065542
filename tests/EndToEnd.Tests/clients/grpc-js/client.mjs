// npm's grpc-js against a running server: node client.mjs HOST:PORT PROTOS_FOLDER [CA_FILE]
// Ends with 0 and prints "ok" when everything is as a user of the client expects.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [address, protos, ca] = process.argv.slice(2);
const expected = 'The day after Tuesday is Wednesday.';
const definition = loader.loadSync(
  ['adapterserve/v1/generation.proto', 'adapterserve/v1/admin.proto', 'grpc/health.proto', 'kserve/inference.proto'],
  { includeDirs: [protos], keepCase: true, longs: Number, defaults: true });
const api = grpc.loadPackageDefinition(definition);
const credentials = ca ? grpc.credentials.createSsl(readFileSync(ca)) : grpc.credentials.createInsecure();
const connect = (Service, options) => new Service(address, credentials, options);
const call = (client, method, request, options = {}) =>
  new Promise((resolve, reject) => client[method](request, new grpc.Metadata(), options, (error, answer) => (error ? reject(error) : resolve(answer))));
const fails = async (promise, code, word) => assert.rejects(promise, (error) => {
  assert.equal(error.code, code, error.message);
  assert.equal(error.metadata.get('error-code')[0], word);
  return true;
});

const generation = connect(api.adapterserve.v1.Generation);
const messages = [{ role: 'user', content: 'Which day comes after Tuesday?' }];
const chat = await call(generation, 'Chat', { model: 'demo', messages, options: { temperature: 0, logprobs: 2 } });
assert.equal(chat.choices[0].content, expected);
assert.equal(chat.choices[0].logprobs.length, chat.usage.completion_tokens);

let text = '';
let usage;
for await (const piece of generation.ChatStream({ model: 'demo', messages, options: { temperature: 0 } })) {
  text += piece.choices[0]?.content ?? '';
  usage = piece.usage ?? usage;
}
assert.equal(text, expected);
assert.equal(usage.completion_tokens, chat.usage.completion_tokens);

const gzip = connect(api.adapterserve.v1.Generation, { 'grpc.default_compression_algorithm': 2 });
assert.equal((await call(gzip, 'Chat', { model: 'demo', messages, options: { temperature: 0 } })).choices[0].content, expected);

await fails(call(generation, 'Chat', { model: 'nobody', messages }), grpc.status.NOT_FOUND, 'model_not_found');
await fails(call(generation, 'Chat', { model: 'demo', messages: [] }), grpc.status.INVALID_ARGUMENT, 'missing_required_parameter');
const long = { model: 'demo', prompt: [{ text: 'Once' }], options: { max_tokens: 400, ignore_eos: true } };
await fails(call(generation, 'Complete', long, { deadline: Date.now() + 30 }), grpc.status.DEADLINE_EXCEEDED, undefined);
const cancelled = generation.CompleteStream(long);
await new Promise((resolve) => cancelled.once('data', resolve));
cancelled.cancel();
await new Promise((resolve) => cancelled.once('error', (error) => resolve(assert.equal(error.code, grpc.status.CANCELLED))));

const models = await call(connect(api.adapterserve.v1.Admin), 'ListModels', {});
assert.equal(models.models[0].id, 'demo');
assert.equal((await call(connect(api.grpc.health.v1.Health), 'Check', {})).status, 1);

const kserve = connect(api.inference.GRPCInferenceService);
const prompt = '<|user|>\nWhich day comes after Tuesday?<|end|>\n<|assistant|>\n';
const inference = await call(kserve, 'ModelInfer', {
  model_name: 'demo',
  parameters: { temperature: { double_param: 0 }, max_tokens: { int64_param: 40 } },
  inputs: [{ name: 'text_input', datatype: 'BYTES', shape: [1], contents: { bytes_contents: [Buffer.from(prompt)] } }],
  outputs: [{ name: 'text_output' }],
});
assert.equal(inference.outputs[0].contents.bytes_contents[0].toString(), expected);
console.log('ok');
process.exit(0);
