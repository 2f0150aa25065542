"""Python's grpcio against a running server: client.py HOST:PORT ADAPTER_FOLDER [CA_FILE]; ends with 0 and prints "ok" when everything is as expected."""
import os
import sys
import grpc
from reflected import Server

ADDRESS, ADAPTER = sys.argv[1:3]
EXPECTED = 'The day after Tuesday is Wednesday.'
V1 = 'adapterserve.v1.'


def connect():
    if len(sys.argv) > 3:
        with open(sys.argv[3], 'rb') as ca:
            return grpc.secure_channel(ADDRESS, grpc.ssl_channel_credentials(ca.read()))
    return grpc.insecure_channel(ADDRESS)


def fails(code, call, error=None):
    try:
        call()
    except grpc.RpcError as failure:
        assert failure.code() == code, (failure.code(), failure.details())
        trailers = dict(failure.trailing_metadata())
        assert error is None or trailers.get('error-code') == error, trailers
        return failure
    raise AssertionError(f'expected {code}')


def generation(server):
    chat_request, option = server.message(V1 + 'ChatRequest'), {'temperature': 0}
    messages = [{'role': 'user', 'content': 'Which day comes after Tuesday?'}]
    chat = server.call('adapterserve.v1.Generation/Chat')(chat_request(model='demo', messages=messages, options=option))
    assert chat.choices[0].content == EXPECTED, chat
    assert (chat.choices[0].role, chat.choices[0].finish_reason) == ('assistant', 'stop')
    assert chat.usage.total_tokens == chat.usage.prompt_tokens + chat.usage.completion_tokens > 0
    stream = list(server.call('adapterserve.v1.Generation/ChatStream')(chat_request(model='demo', messages=messages, options=option)))
    assert ''.join(choice.content for piece in stream for choice in piece.choices) == EXPECTED
    assert stream[-1].usage.completion_tokens == chat.usage.completion_tokens
    pirate = server.call('adapterserve.v1.Generation/Chat')(chat_request(model='pirate', messages=messages, options=option))
    assert pirate.choices[0].content not in ('', EXPECTED)
    completion_request = server.message(V1 + 'CompletionRequest')
    request = completion_request(model='demo', prompt=[{'text': 'Once'}, {'text': 'Twice'}], options={'max_tokens': 5, 'n': 2, 'seed': 7, 'logprobs': 2, 'ignore_eos': True})
    whole = server.call('adapterserve.v1.Generation/Complete')(request)
    assert [choice.index for choice in whole.choices] == [0, 1, 2, 3] and all(len(choice.logprobs) == 5 for choice in whole.choices)
    texts = ['', '', '', '']
    for piece in server.call('adapterserve.v1.Generation/CompleteStream')(request):
        for choice in piece.choices:
            texts[choice.index] += choice.text
    assert texts == [choice.text for choice in whole.choices], texts


def errors(server):
    complete, stream = server.call('adapterserve.v1.Generation/Complete'), server.call('adapterserve.v1.Generation/CompleteStream')
    request = server.message(V1 + 'CompletionRequest')
    fails(grpc.StatusCode.NOT_FOUND, lambda: complete(request(model='nobody', prompt=[{'text': 'a'}])), 'model_not_found')
    fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: complete(request(model='demo')), 'missing_required_parameter')
    wrong = fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: list(stream(request(model='demo', prompt=[{'text': 'a'}], options={'temperature': -1}))), 'invalid_value')
    assert dict(wrong.trailing_metadata())['error-param'] == 'temperature'
    long = request(model='demo', prompt=[{'text': 'Once'}], options={'max_tokens': 400, 'ignore_eos': True})
    fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: complete(long, timeout=0.03))
    call = stream(long)
    next(call)
    call.cancel()
    fails(grpc.StatusCode.CANCELLED, lambda: list(call))
    unknown = server.channel.unary_unary('/adapterserve.v1.Generation/Nothing')
    fails(grpc.StatusCode.UNIMPLEMENTED, lambda: unknown(b''))


def upload_parts(server, **start):
    part = server.message(V1 + 'UploadRequest')
    yield part(start=start)
    for file in sorted(os.listdir(ADAPTER)):
        path = os.path.join(ADAPTER, file)
        yield part(file={'name': file, 'bytes': os.path.getsize(path)})
        with open(path, 'rb') as content:
            while chunk := content.read(100_000):
                yield part(chunk=chunk)


def adapters(server):
    name = 'from-python'

    def parts(**start):
        return upload_parts(server, name=name, **start)

    upload, get = server.call('adapterserve.v1.Adapters/Upload'), server.call('adapterserve.v1.Adapters/Get')
    fails(grpc.StatusCode.ABORTED, lambda: upload(parts(if_match='sha256:' + '0' * 64)), 'digest_mismatch')
    uploaded = upload(parts())
    assert uploaded.created and uploaded.adapter.digest.startswith('sha256:'), uploaded
    again = upload(parts())
    assert not again.created and again.adapter.digest == uploaded.adapter.digest
    assert get(server.message(V1 + 'GetAdapterRequest')(name=name)) == again.adapter
    cut = list(parts())[:-1]
    fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: upload(iter(cut)), 'invalid_value')
    fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: upload(iter(cut[1:])), 'invalid_value')
    listed = server.call('adapterserve.v1.Adapters/List')(server.message(V1 + 'ListAdaptersRequest')())
    assert name in [adapter.name for adapter in listed.adapters]
    page = server.call('adapterserve.v1.Adapters/List')(server.message(V1 + 'ListAdaptersRequest')(limit=1))
    assert len(page.adapters) == 1 and page.has_more
    server.call('adapterserve.v1.Adapters/Delete')(server.message(V1 + 'DeleteAdapterRequest')(name=name))
    fails(grpc.StatusCode.NOT_FOUND, lambda: get(server.message(V1 + 'GetAdapterRequest')(name=name)), 'adapter_not_found')


def life(server):
    """Two versions behind one alias: who gets which, and what lists and conditions say of them."""
    of = lambda message, **values: server.message(V1 + message)(**values)
    call = lambda method: server.call('adapterserve.v1.Adapters/' + method)
    name = f'split-{os.getpid()}'
    first = call('Upload')(upload_parts(server, name=name)).adapter
    second = call('Upload')(upload_parts(server, name=name, lower='svd:rank=2', if_match=f'r{first.revision}')).adapter
    assert second.version == 2 and second.revision > first.revision and second.lower == 'svd:rank=2', second
    share = {'versions': [{'version': '1', 'weight': 1}, {'version': '2', 'weight': 1}]}
    fails(grpc.StatusCode.ABORTED, lambda: call('SetAlias')(of('SetAliasRequest', name=name, alias='canary', if_match=first.digest, **share)), 'digest_mismatch')
    fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: call('SetAlias')(of('SetAliasRequest', name=name, alias='canary', version='1', **share)), 'invalid_value')
    assert call('SetAlias')(of('SetAliasRequest', name='default/' + name, alias='canary', if_match=second.digest, **share)).aliases == ['canary']
    listed = lambda **filters: [adapter.name for adapter in call('List')(of('ListAdaptersRequest', prefix='split-', **filters)).adapters]
    assert name in listed(state='ready', kind='lora') and not listed(labels=['team=x']) and not listed(namespace='shared')
    fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: listed(namespace='other'), 'invalid_value')
    assert {version_of(server, name, user=f'user-{i}') for i in range(12)} == {'1', '2'}
    for key in ('user-0', 'user-1', 'user-2', 'user-3', 'user-4', 'user-5'):
        version = version_of(server, name, user=key)
        assert version == version_of(server, name, user=key) == version_of(server, name, request_id=key)
        assert score(server, f'{name}@canary', key) == score(server, f'{name}@{version}')
    updated = call('Update')(of('UpdateAdapterRequest', name=name, labels={'values': {'team': 'x'}}, priority=3))
    assert dict(updated.labels) == {'team': 'x'} and updated.priority == 3 and not updated.pinned, updated
    assert name in listed(labels=['team=x'])
    assert dict(call('Update')(of('UpdateAdapterRequest', name=name, pinned=False)).labels) == {'team': 'x'}
    fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: call('Update')(of('UpdateAdapterRequest', name=name, priority=2_000_000)), 'invalid_value')
    assert call('Verify')(of('VerifyAdapterRequest', name=name, version='1')).state == 'ready'
    call('DeleteAlias')(of('DeleteAliasRequest', name=name, alias='canary'))
    call('Delete')(of('DeleteAdapterRequest', name=name, if_match=second.digest))
    assert name not in listed() and name in listed(state='deleted')
    assert call('Restore')(of('RestoreAdapterRequest', name=name)).version == 2
    fails(grpc.StatusCode.ABORTED, lambda: call('Restore')(of('RestoreAdapterRequest', name=name)), 'adapter_exists')
    audit = call('ListAudit')(of('ListAuditRequest', name=name, limit=2))
    assert [entry.action for entry in audit.entries] == ['put', 'put'] and audit.has_more, audit
    assert audit.entries[0].happened_at.seconds > 0 and audit.entries[0].digest == first.digest
    restored = call('ListAudit')(of('ListAuditRequest', name=name, action='restore')).entries
    assert len(restored) == 2 and restored[0].outcome == 'ok' and restored[1].outcome == 'adapter_exists', restored
    watch = call('Watch')(of('WatchAdaptersRequest', after=audit.entries[0].id))
    assert next(watch).id > audit.entries[0].id
    watch.cancel()
    call('Delete')(of('DeleteAdapterRequest', name=name))


def version_of(server, name, user=None, request_id=None):
    """Which version of the alias answers, as KServe's protocol says it."""
    of = lambda message, **values: server.message('inference.' + message)(**values)
    parameters = {'max_tokens': of('InferParameter', int64_param=1)}
    if user:
        parameters['user'] = of('InferParameter', string_param=user)
    tensor = {'name': 'text_input', 'datatype': 'BYTES', 'shape': [1], 'contents': {'bytes_contents': [b'Once']}}
    metadata = [('x-request-id', request_id)] if request_id else []
    request = of('ModelInferRequest', model_name=f'{name}@canary', inputs=[tensor], parameters=parameters)
    return server.call('inference.GRPCInferenceService/ModelInfer')(request, metadata=metadata).model_version


def score(server, model, user=None):
    """The log-probability of a first token, which tells two versions apart."""
    options = {'temperature': 0, 'max_tokens': 1, 'logprobs': 1}
    if user:
        options['more'] = server.message('google.protobuf.Struct')(fields={'user': server.message('google.protobuf.Value')(string_value=user)})
    request = server.message(V1 + 'CompletionRequest')(model=model, prompt=[{'text': 'Once'}], options=options)
    return server.call('adapterserve.v1.Generation/Complete')(request).choices[0].logprobs[0].logprob


def others(server):
    ids = server.call('adapterserve.v1.Tokenizer/Tokenize')(server.message(V1 + 'TokenizeRequest')(prompt='Hello there')).tokens
    text = server.call('adapterserve.v1.Tokenizer/Detokenize')(server.message(V1 + 'DetokenizeRequest')(tokens=ids)).prompt
    assert text.endswith('Hello there'), text
    about = server.call('adapterserve.v1.Admin/GetServer')(server.message(V1 + 'GetServerRequest')())
    assert about.model == 'demo' and about.context_tokens > 0
    health = server.message('grpc.health.v1.HealthCheckRequest')
    assert server.call('grpc.health.v1.Health/Check')(health()).status == 1
    assert server.call('grpc.health.v1.Health/Check')(health(service='adapterserve.v1.Generation')).status == 1
    fails(grpc.StatusCode.NOT_FOUND, lambda: server.call('grpc.health.v1.Health/Check')(health(service='no.such')))
    watch = server.call('grpc.health.v1.Health/Watch')(health())
    assert next(watch).status == 1
    watch.cancel()
    compressed = server.call('adapterserve.v1.Tokenizer/Tokenize')(
        server.message(V1 + 'TokenizeRequest')(prompt='Hello there'), compression=grpc.Compression.Gzip)
    assert compressed.tokens == ids


def kserve(server):
    service, of = 'inference.GRPCInferenceService/', lambda message, **values: server.message('inference.' + message)(**values)
    assert server.call(service + 'ServerLive')(of('ServerLiveRequest')).live
    assert server.call(service + 'ServerReady')(of('ServerReadyRequest')).ready
    assert server.call(service + 'ModelReady')(of('ModelReadyRequest', name='pirate')).ready
    described = server.call(service + 'ModelMetadata')(of('ModelMetadataRequest', name='pirate'))
    assert described.versions == ['1'] and described.inputs[0].name == 'text_input'
    prompt = '<|user|>\nWhich day comes after Tuesday?<|end|>\n<|assistant|>\n'
    infer, stream = server.call(service + 'ModelInfer'), server.call(service + 'ModelStreamInfer')

    def request(name='demo', text=prompt, **more):
        values = {'name': 'text_input', 'datatype': 'BYTES', 'shape': [1]}
        return of('ModelInferRequest', model_name=name, id='7', inputs=[{**values, 'contents': {'bytes_contents': [text.encode()]}}], **more)

    value = server.message('inference.InferParameter')
    parameters = {'temperature': value(double_param=0), 'max_tokens': value(int64_param=40)}
    answer = infer(request(parameters=parameters))
    assert (answer.model_name, answer.model_version, answer.id) == ('demo', '1', '7')
    outputs = {output.name: output.contents for output in answer.outputs}
    assert outputs['text_output'].bytes_contents == [EXPECTED.encode()], answer
    assert outputs['finish_reason'].bytes_contents == [b'stop']
    assert len(outputs['output_ids'].int64_contents) == outputs['output_lengths'].int_contents[0]
    raw = of('ModelInferRequest', model_name='demo', parameters=parameters, outputs=[{'name': 'text_output'}],
             inputs=[{'name': 'text_input', 'datatype': 'BYTES', 'shape': [1]}], raw_input_contents=[len(prompt).to_bytes(4, 'little') + prompt.encode()])
    assert infer(raw).raw_output_contents[0][4:] == EXPECTED.encode()
    fails(grpc.StatusCode.NOT_FOUND, lambda: infer(request('nobody')), 'model_not_found')
    fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: infer(request(parameters={'temperature': value(double_param=-1)})), 'invalid_value')
    texts, last = {}, set()
    pieces = request(parameters={**parameters, 'stream': value(bool_param=True)})
    for response in stream(iter([pieces, request('nobody'), request('pirate', parameters=parameters)])):
        part = response.infer_response
        if response.error_message:
            assert part.model_name == 'nobody', response
        elif part.outputs:
            texts.setdefault(part.model_name, []).append(part.outputs[0].contents.bytes_contents[0].decode())
        if part.parameters['triton_final_response'].bool_param:
            last.add(part.model_name)
    assert ''.join(texts['demo']) == EXPECTED and len(texts['pirate']) == 1, texts
    assert last == {'demo', 'pirate'}


with connect() as channel:
    served = Server(channel)
    older = Server(channel, '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo')
    assert served.services == older.services and 'adapterserve.v1.Generation' in served.services
    for part in (generation, errors, adapters, life, others, kserve):
        part(served)
print('ok')
